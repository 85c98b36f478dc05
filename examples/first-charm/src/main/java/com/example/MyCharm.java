package com.example;

import io.rollingops.OperationResult;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.Hook;
import io.rollingops.juju.JujuCharm;
import io.rollingops.juju.RollingOpsSettings;

/** Restarts a service, one unit after the other. */
public final class MyCharm {
    public static void main(String[] args) {
        JujuCharm.builder()
                .rollingOps(RollingOpsSettings.onPeers("restart").withCallback("restart", (hook, context) -> {
                    boolean up = restartTheService(hook);
                    return up ? OperationResult.RELEASE : OperationResult.RETRY_RELEASE;
                }))
                .on(Lifecycle.CONFIG_CHANGED, hook -> hook.rollingOps().requestAsyncLock("restart"))
                .onAction("restart", action -> action.hook().rollingOps().requestAsyncLock("restart"))
                .build()
                .dispatch(args);
    }

    private static boolean restartTheService(Hook hook) throws Exception {
        String command = hook.config().string("restart-command");
        return new ProcessBuilder("/bin/sh", "-c", command).inheritIO().start().waitFor() == 0;
    }
}
