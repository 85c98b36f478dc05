// SPDX-License-Identifier: Apache-2.0
package io.rollingops.k8s;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A mock of Kubernetes that keeps what it is given, with one StatefulSet, and the controller that replaces its pods one by
 * one as Kubernetes does: the highest number first, none below the partition, each only when all others are ready.
 */
final class Cluster implements AutoCloseable {
    static final String NAMESPACE = "model";
    static final String NAME = "web";
    private static final Pattern PARTITION = Pattern.compile("\"partition\":([0-9]+)");

    private final KubernetesMockServer server;
    private final NamespacedKubernetesClient client;
    private final int pods;
    private final Queue<String> bodies = new ConcurrentLinkedQueue<>();
    private final Logger requests = Logger.getLogger(MockWebServer.class.getName());
    private volatile boolean isForbidden;

    Cluster(int pods, String image) {
        this.pods = pods;
        requests.setLevel(Level.WARNING); // else it tells of every request
        KubernetesCrudDispatcher stored = new KubernetesCrudDispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                if (isPatchOfTheSet(request)) {
                    bodies.add(new String(request.getBody().getBytes(), StandardCharsets.UTF_8));
                }
                return isForbidden && isPatchOfTheSet(request)
                        ? new MockResponse()
                                .setResponseCode(403)
                                .setBody("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
                                        + "\"reason\":\"Forbidden\",\"code\":403}")
                        : super.dispatch(request);
            }
        };
        this.server = new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), stored, false);
        server.init();
        this.client = server.createClient();
        client.apps()
                .statefulSets()
                .inNamespace(NAMESPACE)
                .resource(statefulSet(image))
                .create();
        for (int i = 0; i < pods; i++) {
            create(i, image);
            ready(i);
        }
    }

    NamespacedKubernetesClient client() {
        return client;
    }

    /** From now on nobody may patch the StatefulSet, or everybody. */
    void forbid(boolean forbidden) {
        isForbidden = forbidden;
    }

    /** Another image for all pods; the controller brings it. */
    void refresh(String image) {
        client.apps()
                .statefulSets()
                .inNamespace(NAMESPACE)
                .withName(NAME)
                .edit(set -> new StatefulSetBuilder(set)
                        .editSpec()
                        .editTemplate()
                        .editSpec()
                        .editFirstContainer()
                        .withImage(image)
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build());
    }

    /** One step of the controller: the number of the pod that it replaced, if any. */
    Optional<Integer> reconcile() {
        StatefulSet set = client.apps()
                .statefulSets()
                .inNamespace(NAMESPACE)
                .withName(NAME)
                .get();
        String image =
                set.getSpec().getTemplate().getSpec().getContainers().get(0).getImage();
        int partition = set.getSpec().getUpdateStrategy().getRollingUpdate().getPartition();
        for (int i = pods - 1; i >= partition; i--) {
            Pod pod = pod(i);
            boolean isOld = !image(pod).equals(image);
            if (isOld && othersAreReady(i)) {
                client.pods().inNamespace(NAMESPACE).resource(pod).delete();
                create(i, image);
                return Optional.of(i);
            } else if (isOld || !isReady(pod)) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    void ready(int number) {
        client.pods()
                .inNamespace(NAMESPACE)
                .withName(NAME + "-" + number)
                .edit(pod -> new PodBuilder(pod)
                        .withNewStatus()
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("True")
                        .endCondition()
                        .endStatus()
                        .build());
    }

    String image(int number) {
        return image(pod(number));
    }

    long podsThatAreNotReady() {
        return client.pods().inNamespace(NAMESPACE).list().getItems().stream()
                .filter(pod -> !isReady(pod))
                .count();
    }

    /** The partitions that the server was asked to set since the last time, in order. */
    List<Integer> patches() {
        List<Integer> since = new ArrayList<>();
        for (String body = bodies.poll(); body != null; body = bodies.poll()) {
            Matcher partition = PARTITION.matcher(body);
            if (partition.find()) {
                since.add(Integer.valueOf(partition.group(1)));
            }
        }
        return since;
    }

    @Override
    public void close() {
        client.close();
        server.destroy();
    }

    private static boolean isPatchOfTheSet(RecordedRequest request) {
        return request.getMethod().equals("PATCH") && request.getPath().endsWith("/statefulsets/" + NAME);
    }

    private boolean othersAreReady(int number) {
        for (int i = 0; i < pods; i++) {
            if (i != number && !isReady(pod(i))) {
                return false;
            }
        }
        return true;
    }

    private Pod pod(int number) {
        return client.pods()
                .inNamespace(NAMESPACE)
                .withName(NAME + "-" + number)
                .get();
    }

    private static String image(Pod pod) {
        return pod.getSpec().getContainers().get(0).getImage();
    }

    private static boolean isReady(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("True"));
    }

    private void create(int number, String image) {
        client.pods()
                .inNamespace(NAMESPACE)
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withName(NAME + "-" + number)
                        .withNamespace(NAMESPACE)
                        .endMetadata()
                        .withNewSpec()
                        .withContainers(container(image))
                        .endSpec()
                        .build())
                .create();
    }

    private StatefulSet statefulSet(String image) {
        return new StatefulSetBuilder()
                .withNewMetadata()
                .withName(NAME)
                .withNamespace(NAMESPACE)
                .endMetadata()
                .withNewSpec()
                .withReplicas(pods)
                .withServiceName(NAME)
                .withNewUpdateStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withPartition(0)
                .endRollingUpdate()
                .endUpdateStrategy()
                .withNewTemplate()
                .withNewSpec()
                .withContainers(container(image))
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private static io.fabric8.kubernetes.api.model.Container container(String image) {
        return new ContainerBuilder().withName("web").withImage(image).build();
    }
}
