// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.peer.Author;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerEvent;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerState;
import io.rollingops.peer.StateCodec;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * All that is replicated: the peer state, and who may write it. A pure function takes it from envelope to envelope; it
 * reads no clock, so it judges signatures and not dates (the agent refuses expired certificates when it starts, and TLS
 * when it connects).
 *
 * <p>An author is known by a certificate of the application's authority; the authority is the one that the first author
 * brought. A later certificate of the same author replaces an earlier one, never the other way round.
 *
 * @param peers the core's state
 * @param authority the application's authority, base64 of DER, once there is one
 * @param authors who has sent commands, by {@code unit web/0} or {@code operator alice}
 */
record ReplicatedState(PeerState peers, Optional<String> authority, NavigableMap<String, Known> authors) {

    /** How many authors are remembered; units and operators together. */
    private static final int MAX_AUTHORS = 2 * PeerState.MAX_MEMBERS;

    /**
     * What is known of an author.
     *
     * @param certificate base64 of DER
     * @param number the last number that was carried out
     * @param digest of the envelope with that number, to know it again
     * @param receipt what was answered to it
     */
    record Known(String certificate, long number, String digest, String receipt) {}

    /** What became of an envelope. */
    record Taken(ReplicatedState state, Receipt receipt, List<PeerEvent> events) {}

    ReplicatedState {
        authors = Collections.unmodifiableNavigableMap(authors);
    }

    static ReplicatedState empty(String application) {
        return new ReplicatedState(PeerState.empty(application), Optional.empty(), new TreeMap<>());
    }

    /** The last number of an author that was carried out, 0 for none. */
    long lastNumber(Author author) {
        return Optional.ofNullable(authors.get(name(author))).map(Known::number).orElse(0L);
    }

    /**
     * Takes in one sealed envelope. Never throws: whatever a member puts into the log, all members go on.
     *
     * @param term of the log entry that it came in; nobody can lead in a later one yet
     */
    Taken take(byte[] sealed, long term, Keys keys) {
        try {
            Envelope.Received received = Envelope.open(sealed);
            if (received.envelope().command() instanceof PeerCommand.Lead lead && lead.term() > term) {
                return rejected("term " + lead.term() + " has not come yet, it is term " + term, 0);
            }
            return take(received, digest(sealed), keys);
        } catch (JsonException e) {
            return rejected("the envelope cannot be understood: " + e.getMessage(), 0);
        }
    }

    private Taken take(Envelope.Received received, String digest, Keys keys) {
        Envelope envelope = received.envelope();
        if (!envelope.application().equals(peers.application())) {
            return rejected("this is the store of " + peers.application() + ", not of " + envelope.application(), 0);
        }
        String name = name(envelope.author());
        Optional<Known> before = Optional.ofNullable(authors.get(name));
        Optional<Introduced> introduced =
                envelope.introduction().flatMap(introduction -> introduce(envelope.author(), introduction, before));
        String certificate = introduced
                .map(Introduced::certificate)
                .orElse(before.map(Known::certificate).orElse(""));
        long last = before.map(Known::number).orElse(0L);
        if (certificate.isEmpty()) {
            return envelope.introduction().isPresent()
                    ? rejected("the certificate of " + name + " is not one of this application's authority", last)
                    : notTaken(Receipt.Verdict.UNKNOWN_AUTHOR, name + " is not known here", last);
        }
        Optional<PublicKey> key = keys.of(certificate);
        if (key.isEmpty() || !received.isSignedBy(key.get())) {
            return rejected("the signature is not that of " + name, last);
        }
        if (before.isPresent() && envelope.number() <= last) {
            return repeated(before.get(), envelope.number(), digest);
        }
        return carryOut(envelope, digest, certificate, introduced);
    }

    private Taken carryOut(Envelope envelope, String digest, String certificate, Optional<Introduced> introduced) {
        String name = name(envelope.author());
        if (!authors.containsKey(name) && authors.size() >= MAX_AUTHORS) {
            return rejected(MAX_AUTHORS + " units and operators are known, which is the limit", 0);
        }
        PeerState.Applied applied = peers.apply(envelope.author(), envelope.at(), envelope.command());
        Receipt receipt = new Receipt(
                Receipt.Verdict.TAKEN, applied.reply(), applied.state().revision(), envelope.number());
        NavigableMap<String, Known> known = new TreeMap<>(authors);
        known.put(name, new Known(certificate, envelope.number(), digest, receipt.write()));
        ReplicatedState after =
                new ReplicatedState(applied.state(), authority.or(() -> introduced.map(Introduced::authority)), known);
        return new Taken(after, receipt, applied.events());
    }

    /** The same envelope once more gets the same answer; another one with a number that is used up is not looked at. */
    private Taken repeated(Known before, long number, String digest) {
        if (number == before.number() && digest.equals(before.digest())) {
            return new Taken(this, Receipt.read(before.receipt()), List.of());
        }
        return notTaken(
                Receipt.Verdict.OLD_NUMBER,
                "number " + number + " is used up, the last one was " + before.number(),
                before.number());
    }

    private record Introduced(String certificate, String authority) {}

    private Optional<Introduced> introduce(Author author, Envelope.Introduction introduction, Optional<Known> before) {
        if (authority.isPresent() && !authority.get().equals(introduction.authority())) {
            return Optional.empty();
        }
        try {
            X509Certificate root = CertifiedKey.decode(Base64.getDecoder().decode(introduction.authority()));
            X509Certificate certificate =
                    CertifiedKey.decode(Base64.getDecoder().decode(introduction.certificate()));
            boolean owned = Credentials.owner(certificate).equals(Optional.of(author));
            boolean ours = Credentials.owner(certificate)
                    .map(owner -> !(owner instanceof Author.Unit unit) || isOurs(unit.name()))
                    .orElse(false);
            if (!owned
                    || !ours
                    || !CertifiedKey.isSignedBy(certificate, root.getPublicKey())
                    || isOlder(certificate, before)) {
                return Optional.empty();
            }
            return Optional.of(new Introduced(introduction.certificate(), introduction.authority()));
        } catch (CertificateException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private boolean isOurs(UnitName unit) {
        return unit.application().equals(peers.application());
    }

    private static boolean isOlder(X509Certificate certificate, Optional<Known> before) throws CertificateException {
        if (before.isEmpty()) {
            return false;
        }
        X509Certificate known =
                CertifiedKey.decode(Base64.getDecoder().decode(before.get().certificate()));
        return certificate
                .getNotBefore()
                .toInstant()
                .isBefore(known.getNotBefore().toInstant());
    }

    private Taken rejected(String message, long last) {
        return notTaken(Receipt.Verdict.REJECTED, message, last);
    }

    private Taken notTaken(Receipt.Verdict verdict, String message, long last) {
        PeerReply reply = new PeerReply.Refused(PeerReply.Reason.NOT_ALLOWED, message);
        return new Taken(this, new Receipt(verdict, reply, peers.revision(), last), List.of());
    }

    static String name(Author author) {
        return author instanceof Author.Unit ? "unit " + author : author.toString();
    }

    private static String digest(byte[] sealed) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(sealed), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    Json.Obj write() {
        Json.ObjectBuilder known = Json.object();
        authors.forEach((name, author) -> known.put(
                name,
                Json.object()
                        .put("certificate", author.certificate())
                        .put("number", author.number())
                        .put("digest", author.digest())
                        .put("receipt", author.receipt())
                        .build()));
        Json.ObjectBuilder fields =
                Json.object().put("peers", StateCodec.write(peers)).put("authors", known.build());
        authority.ifPresent(certificate -> fields.put("authority", certificate));
        return fields.build();
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws JsonException naming the field that is wrong, or the newer form
     */
    static ReplicatedState read(Json.Obj fields) {
        NavigableMap<String, Known> authors = new TreeMap<>();
        Json.Obj known = fields.object("authors");
        for (String name : known.members().keySet()) {
            Json.Obj author = known.object(name);
            authors.put(
                    name,
                    new Known(
                            author.string("certificate"),
                            author.integer("number"),
                            author.string("digest"),
                            author.string("receipt")));
        }
        return new ReplicatedState(
                StateCodec.read(fields.object("peers")),
                fields.find("authority").isPresent() ? Optional.of(fields.string("authority")) : Optional.empty(),
                authors);
    }
}
