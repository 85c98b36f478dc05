// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

/** Shell text of the process that dispatches a hook; it costs no virtual machine. */
final class DetachedScript {
    /**
     * Starts the rest in a session of its own and returns: whoever stops the hook's processes does not reach it, and the
     * hook's process has no child left to wait for.
     */
    static final String STARTER = """
            if command -v setsid > /dev/null
            then setsid /bin/sh -c "$0" waker "$@" &
            else /bin/sh -c "$0" waker "$@" &
            fi
            """;

    /**
     * Arguments: seconds to wait, unit, dispatch, hook. {@code juju-exec} blocks until the present hook is over. A hook
     * that fails there is not tried again by Juju, so it is here, a few times.
     */
    static final String WAITER = """
            [ "$1" = 0 ] || sleep "$1"
            run=$(command -v juju-exec || command -v juju-run) || { echo "there is no juju-exec"; exit 1; }
            for pause in 2 5 10 30 0
            do
                "$run" -u "$2" "JUJU_DISPATCH_PATH=hooks/$4 '$3'" > /dev/null && exit 0
                sleep $pause
            done
            exit 1
            """;

    private DetachedScript() {}
}
