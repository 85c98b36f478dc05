// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.peer.Author;
import io.rollingops.peer.PeerEvent;
import io.rollingops.peer.PeerSnapshot;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.util.ExitUtils;

/**
 * One member of an application's Raft group, in this process. It owns its threads; {@link #close} ends them. Safe for
 * several threads.
 */
public final class RaftNode implements AutoCloseable {
    private static final Duration PLACE_CHECK = Duration.ofSeconds(3);

    private final RaftSettings settings;
    private final InstantSource calendar;
    private final PeerStateMachine machine;
    private final RaftServer server;
    private final MemberLinks links;
    private final RaftGroupId groupId;
    private final RatisTransport transport;
    private final Membership membership;
    private final FirstLife life;
    private final ScheduledExecutorService duties;
    private final ScheduledExecutorService losses;
    private final Consumer<String> fatal;

    private RaftNode(
            RaftSettings settings,
            InstantSource calendar,
            Consumer<String> fatal,
            PeerStateMachine machine,
            RaftServer server,
            RaftGroupId groupId,
            MemberLinks links,
            Membership membership,
            FirstLife life) {
        this.settings = settings;
        this.calendar = calendar;
        this.fatal = fatal;
        this.machine = machine;
        this.server = server;
        this.groupId = groupId;
        this.links = links;
        this.membership = membership;
        this.life = life;
        this.transport =
                new RatisTransport(server, links, groupId, settings.elections().max());
        this.duties = Executors.newSingleThreadScheduledExecutor(task -> thread("rollingops-leader-duties", task));
        this.losses = Executors.newSingleThreadScheduledExecutor(task -> thread("rollingops-leader-loss", task));
    }

    /**
     * Starts a member; it takes part as soon as enough others are there.
     *
     * @param settings the group and this member's place in it
     * @param own the credentials of the unit that the settings name
     * @param calendar for the stamps that people read
     * @param fatal called, on any thread, with the reason when this member must not go on
     * @throws RollingOpsException.InvalidRequest when it cannot start as it is configured, saying what to change
     */
    public static RaftNode start(
            RaftSettings settings, Credentials own, InstantSource calendar, Consumer<String> fatal) {
        if (!own.author().equals(new Author.Unit(settings.self()))) {
            throw new RollingOpsException.InvalidRequest("the credentials are those of " + own.author() + ", this is "
                    + settings.self() + "; give each agent its own");
        }
        RaftProperties properties = RatisProperties.of(settings);
        EndedConnections connections = new EndedConnections();
        Parameters parameters = RatisProperties.parameters(settings, calendar.instant(), connections);
        RaftGroupId groupId = groupId(settings.self().application(), own);
        RaftGroup group = RaftGroup.valueOf(
                groupId, settings.members().stream().map(RaftMember::peer).toList());
        PeerStateMachine machine = new PeerStateMachine(settings.self().application(), own.encodedAuthority(), fatal);
        ExitUtils.disableSystemExit(); // it would end the whole process when the port is taken, without a word to us
        List<Closeable> opened = new ArrayList<>();
        try {
            FirstLife life = FirstLife.of(settings.self(), settings.directory(), fatal);
            RaftServer server = server(settings, machine, group, properties, parameters);
            opened.add(server);
            MemberLinks links = new MemberLinks(peers -> RaftClient.newBuilder()
                    .setRaftGroup(RaftGroup.valueOf(groupId, peers))
                    .setProperties(properties)
                    .setParameters(parameters)
                    .build());
            opened.add(links::close);
            Membership membership = new Membership(groupId, properties, parameters);
            RaftNode node = new RaftNode(settings, calendar, fatal, machine, server, groupId, links, membership, life);
            opened.add(node::close);
            node.begin(own, connections);
            return node;
        } catch (IOException | ExitUtils.ExitException | CompletionException e) {
            closeAll(opened, e);
            throw cannotStart(settings, e);
        }
    }

    /** In reverse order; what goes wrong meanwhile is less important than why. */
    private static void closeAll(List<Closeable> opened, Exception why) {
        Collections.reverse(opened);
        for (Closeable resource : opened) {
            try {
                resource.close();
            } catch (IOException | RuntimeException e) {
                why.addSuppressed(e);
            }
        }
    }

    /** The store as the owner of the credentials sees it, normally this member's own unit. */
    public RaftPeerStore store(Credentials owner) {
        UnitName name = owner.author() instanceof Author.Unit unit ? unit.name() : settings.self();
        boolean own = owner.author().equals(new Author.Unit(settings.self()));
        CommandSender.Transport through = new CommandSender.Transport() {
            @Override
            public Optional<String> send(byte[] sealed, Duration limit)
                    throws CommandSender.Unknown, InterruptedException {
                return transport.send(sealed, limit);
            }

            @Override
            public long lastNumber() {
                long number = machine.state().lastNumber(owner.author());
                told(number);
                return number;
            }

            @Override
            public void sealing(long number) {
                if (own) {
                    life.sealing(number);
                }
            }

            @Override
            public void told(long number) {
                if (own) {
                    life.told(number);
                }
            }
        };
        return new RaftPeerStore(
                name, machine, new CommandSender(settings.self().application(), owner, through, calendar));
    }

    /**
     * Carries a sealed envelope to the store; {@link OperatorEnvelope} makes one. Sending the same again is harmless.
     *
     * @return the answer, for {@link OperatorEnvelope.Answer#read}
     * @throws RollingOpsException.Unavailable when nothing happened
     * @throws RollingOpsException.Indeterminate when it may have been carried out
     */
    public String relay(byte[] sealed, Duration limit) {
        if (sealed.length > Envelope.MAX_BYTES) {
            throw new RollingOpsException.InvalidRequest(
                    "the command is " + sealed.length + " bytes long, over the limit of " + Envelope.MAX_BYTES);
        }
        long endNanos = System.nanoTime() + limit.toNanos();
        boolean mayBeInLog = false;
        try {
            while (System.nanoTime() - endNanos < 0) {
                try {
                    Optional<String> receipt =
                            transport.send(sealed, Duration.ofNanos(Math.max(1, endNanos - System.nanoTime())));
                    if (receipt.isPresent()) {
                        return receipt.get();
                    }
                } catch (CommandSender.Unknown e) {
                    mayBeInLog = true;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            mayBeInLog = true;
        }
        String message = "the store gave no answer within " + limit.toMillis() + " ms";
        throw mayBeInLog
                ? new RollingOpsException.Indeterminate(message + "; the command may have been carried out")
                : new RollingOpsException.Unavailable(
                        message + ": fewer than half of its voting members can be reached");
    }

    /** The last number of an author's commands that this member has seen. */
    public long lastNumber(Author author) {
        return machine.state().lastNumber(author);
    }

    /** What this member has seen of the store. */
    public PeerSnapshot snapshot() {
        return machine.state().peers().snapshot();
    }

    /** Calls the listener with everything that happens in the store, in order, on a thread that must not wait. */
    public void onEvent(Consumer<PeerEvent> listener) {
        machine.onEvent(listener);
    }

    /** How the group looks from here. */
    public RaftStatus status() {
        try {
            RaftServer.Division division = server.getDivision(groupId);
            DivisionInfo info = division.getInfo();
            List<RaftMember> members = new ArrayList<>();
            division.getRaftConf().getAllPeers().forEach(peer -> members.add(RaftMember.of(peer, true)));
            division.getRaftConf()
                    .getAllPeers(RaftPeerRole.LISTENER)
                    .forEach(peer -> members.add(RaftMember.of(peer, false)));
            members.sort(Comparator.comparing(RaftMember::unit));
            return new RaftStatus(
                    info.getCurrentRole().name().toLowerCase(Locale.ROOT),
                    Optional.ofNullable(info.getLeaderId()).map(RaftMember::unit),
                    info.getCurrentTerm(),
                    info.getLastAppliedIndex(),
                    members);
        } catch (IOException e) {
            return new RaftStatus("waiting to be added", Optional.empty(), 0, 0, settings.members());
        }
    }

    /**
     * Adds a member to the group; its agent runs already and waits to be called. Blocks for some seconds at most.
     *
     * @throws RollingOpsException.InvalidRequest when it cannot be a member
     * @throws RollingOpsException.Unavailable when the group or the new member does not answer; ask again
     */
    public void add(RaftMember added) {
        List<RaftMember> now = status().members();
        long voters = now.stream()
                .filter(member -> member.voter() && !member.unit().equals(added.unit()))
                .count();
        if (!added.unit().application().equals(settings.self().application())) {
            throw new RollingOpsException.InvalidRequest(
                    added.unit() + " is not a unit of " + settings.self().application());
        }
        if (added.voter() && voters >= RaftSettings.MAX_VOTERS) {
            throw new RollingOpsException.InvalidRequest("the group has " + voters
                    + " voting members, which is the limit; add " + added.unit() + " as one that only follows");
        }
        membership.add(now, added);
    }

    /**
     * Takes a member out of the group. Its unit stays known to the store until an operator removes it there.
     *
     * @throws RollingOpsException.Unavailable when the group does not answer; ask again
     */
    public void remove(UnitName removed) {
        List<RaftMember> now = status().members();
        if (now.stream().anyMatch(member -> member.unit().equals(removed))) {
            membership.remove(now, removed);
        }
    }

    /** Ends this member; the group goes on without it. May be called more than once. */
    @Override
    public void close() {
        duties.shutdownNow();
        losses.shutdownNow();
        try {
            links.close();
            server.close();
        } catch (IOException e) {
            throw new RollingOpsException.Unavailable("this member could not be closed in good order: " + e, e);
        }
    }

    private void begin(Credentials own, EndedConnections connections) throws IOException {
        LeaderDuties leaderDuties = new LeaderDuties(store(own), this::leading, duties, System::nanoTime);
        machine.onLeader(transport::leaderChanged);
        machine.onLeader(leaderDuties::wake);
        machine.onChange(leaderDuties::wake);
        machine.onLeader(this::quieten); // one that joins takes part only later
        connections.onEnd(new LeaderLoss(new RatisFollower(server, groupId), losses)::connectionEnded);
        server.start();
        RatisAtRest.quieten(server);
        quieten();
        lookForPlaceLater();
    }

    private void quieten() {
        try {
            RatisAtRest.quieten(server.getDivision(groupId));
        } catch (IOException e) {
            // A joining member that was not called yet; it sees a leader when it is.
        }
    }

    private static Thread thread(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private void lookForPlaceLater() {
        try {
            Future<?> unused = duties.schedule(
                    () -> thread("rollingops-place", this::lookForPlace).start(), // it waits for answers, duties do not
                    PLACE_CHECK.toMillis(),
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // This member is closing.
        }
    }

    /**
     * As long as no leader is heard: perhaps there is one, and it knows this unit at another address or not at all. Then
     * this member will never be heard, and whoever is at that address may be its double.
     */
    private void lookForPlace() {
        if (settings.joining() || status().leader().isPresent()) {
            return;
        }
        List<RaftMember> others = settings.members().stream()
                .filter(member -> !member.unit().equals(settings.self()))
                .toList();
        Optional<String> wrong = membership.asTheLeaderSeesIt(others).flatMap(this::misplaced);
        if (wrong.isPresent()) {
            fatal.accept(wrong.get());
        } else {
            lookForPlaceLater();
        }
    }

    private Optional<String> misplaced(List<RaftMember> group) {
        String here = settings.own().host() + ":" + settings.own().port();
        Optional<RaftMember> known = group.stream()
                .filter(member -> member.unit().equals(settings.self()))
                .findFirst();
        if (known.isEmpty()) {
            return Optional.of(settings.self() + " is not a member of the group any more; members are "
                    + group.stream().map(RaftMember::unit).toList()
                    + "; add it anew under a number that was never used");
        }
        String there = known.get().host() + ":" + known.get().port();
        return there.equals(here)
                ? Optional.empty()
                : Optional.of("the group knows " + settings.self() + " at " + there + " and not here, at " + here
                        + "; another agent may be running under this name: give each agent a configuration of its own");
    }

    private static RaftServer server(
            RaftSettings settings,
            PeerStateMachine machine,
            RaftGroup group,
            RaftProperties properties,
            Parameters parameters)
            throws IOException {
        RaftServer.Builder builder = RaftServer.newBuilder()
                .setServerId(RaftMember.peerId(settings.self()))
                .setStateMachine(machine)
                .setProperties(properties)
                .setParameters(parameters)
                .setOption(RaftStorage.StartupOption.RECOVER);
        if (!settings.joining()) {
            builder.setGroup(group);
        }
        return builder.build();
    }

    private LeaderDuties.Leading leading() {
        try {
            DivisionInfo info = server.getDivision(groupId).getInfo();
            return new LeaderDuties.Leading(info.isLeader() && info.isLeaderReady(), info.getCurrentTerm());
        } catch (IOException e) {
            return new LeaderDuties.Leading(false, 0);
        }
    }

    /** Members with another authority, or of another application of that name, do not even find the group. */
    private static RaftGroupId groupId(String application, Credentials own) {
        String name = application + "\n" + own.encodedAuthority();
        return RaftGroupId.valueOf(UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)));
    }

    private static RollingOpsException cannotStart(RaftSettings settings, Exception e) {
        if (e instanceof ExitUtils.ExitException) {
            String where = settings.own().host() + ":" + settings.own().port();
            return new RollingOpsException.InvalidRequest(
                    "cannot listen on " + where + " (" + rootCause(e).getMessage()
                            + "): the port is in use or it is not an address of this machine; another agent may be"
                            + " running, or give " + settings.self() + " another address",
                    e);
        }
        return new RollingOpsException.InvalidRequest(
                "the member's data in " + settings.directory() + " cannot be used: "
                        + rootCause(e).getMessage(),
                e);
    }

    private static Throwable rootCause(Throwable failure) {
        Throwable cause = failure;
        for (Throwable next = failure; next != null; next = next.getCause()) {
            cause = next;
        }
        return cause;
    }
}
