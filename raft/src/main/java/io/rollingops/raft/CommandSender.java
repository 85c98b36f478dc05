// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.RollingOpsException;
import io.rollingops.peer.PeerCommand;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Signs the commands of one author and sends them, one after the other. An envelope whose answer was lost is sent again as
 * it is: its number makes the store carry it out once and give the same answer. Safe for several threads; they wait for
 * each other.
 */
final class CommandSender {

    /** Brings one envelope to the store and its answer back. */
    interface Transport {

        /**
         * Tries once.
         *
         * @return the answer; empty when this try cannot have put it into the log
         * @throws Unknown when it may be in the log
         */
        Optional<String> send(byte[] sealed, Duration limit) throws Unknown, InterruptedException;

        /** The last number of this author that the copy of the store here knows. */
        long lastNumber();

        /** An envelope gets that number now. */
        void sealing(long number);

        /** The store says that this is the author's last number. */
        void told(long number);
    }

    /** Nobody knows whether the envelope is in the log. */
    static final class Unknown extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean disowned;

        Unknown(String message, Throwable cause) {
            this(message, cause, false);
        }

        private Unknown(String message, Throwable cause, boolean disowned) {
            super(message, cause);
            this.disowned = disowned;
        }

        /** A leader says that it leads no more: mostly before it took the envelope, seldom while it had it in its log. */
        static Unknown disowned(String message, Throwable cause) {
            return new Unknown(message, cause, true);
        }
    }

    private final String application;
    private final Credentials credentials;
    private final Transport transport;
    private final InstantSource calendar;
    private final ReentrantLock turn = new ReentrantLock(true);

    private long lastNumber;
    private boolean introduced;

    CommandSender(String application, Credentials credentials, Transport transport, InstantSource calendar) {
        this.application = application;
        this.credentials = credentials;
        this.transport = transport;
        this.calendar = calendar;
    }

    PeerStore.Answer send(PeerCommand command, Duration limit) {
        LongSupplier left = deadline(limit);
        try {
            if (!turn.tryLock(left.getAsLong(), TimeUnit.NANOSECONDS)) {
                throw new RollingOpsException.Unavailable(
                        "an earlier command of " + credentials.author() + " still waits for the store to answer");
            }
            try {
                return sendInTurn(command, left, limit);
            } finally {
                turn.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RollingOpsException.Indeterminate("interrupted while waiting for the store", e);
        }
    }

    private PeerStore.Answer sendInTurn(PeerCommand command, LongSupplier left, Duration limit)
            throws InterruptedException {
        lastNumber = Math.max(lastNumber, transport.lastNumber());
        byte[] sealed = seal(command);
        boolean mayBeInLog = false;
        boolean disowned = false;
        while (left.getAsLong() > 0) {
            Optional<String> text;
            try {
                text = transport.send(sealed, Duration.ofNanos(left.getAsLong()));
            } catch (Unknown e) {
                disowned |= e.disowned;
                mayBeInLog |= !e.disowned;
                continue;
            }
            if (text.isEmpty()) {
                continue;
            }
            Receipt receipt = Receipt.read(text.get());
            switch (receipt.verdict()) {
                case TAKEN -> {
                    introduced = true;
                    return new PeerStore.Answer(receipt.reply(), receipt.revision());
                }
                case UNKNOWN_AUTHOR -> {
                    introduced = false;
                    sealed = seal(command);
                }
                case OLD_NUMBER -> {
                    transport.told(receipt.number());
                    if (mayBeInLog) {
                        throw overtaken(command);
                    }
                    lastNumber = Math.max(lastNumber, receipt.number());
                    sealed = seal(command);
                }
                case REJECTED -> {
                    introduced = false;
                    return new PeerStore.Answer(receipt.reply(), receipt.revision());
                }
            }
        }
        if (mayBeInLog || disowned) {
            throw indeterminate(command, limit);
        }
        throw new RollingOpsException.Unavailable("the store of " + application + " has no leader that answers, for "
                + limit.toMillis() + " ms: fewer than half of its voting members can be reached");
    }

    private RollingOpsException overtaken(PeerCommand command) {
        return new RollingOpsException.Indeterminate("the answer to "
                + command.getClass().getSimpleName()
                + " was lost, and a later command of " + credentials.author()
                + " has been carried out since; it may have been carried out, too");
    }

    private static RollingOpsException indeterminate(PeerCommand command, Duration limit) {
        return new RollingOpsException.Indeterminate("the store did not confirm "
                + command.getClass().getSimpleName() + " within " + limit.toMillis()
                + " ms; it may have been carried out");
    }

    /** Every envelope gets a number of its own; one that was not taken uses none up. */
    private byte[] seal(PeerCommand command) {
        lastNumber++;
        transport.sealing(lastNumber);
        Optional<Envelope.Introduction> introduction = introduced
                ? Optional.empty()
                : Optional.of(
                        new Envelope.Introduction(credentials.encodedCertificate(), credentials.encodedAuthority()));
        byte[] sealed = new Envelope(
                        application, credentials.author(), lastNumber, calendar.instant(), command, introduction)
                .seal(credentials);
        if (sealed.length > Envelope.MAX_BYTES) {
            throw new RollingOpsException.InvalidRequest(
                    "the command is " + sealed.length + " bytes long, over the limit of " + Envelope.MAX_BYTES);
        }
        return sealed;
    }

    private static LongSupplier deadline(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        return () -> end - System.nanoTime();
    }
}
