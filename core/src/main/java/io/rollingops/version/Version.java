// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A version of PEP 440, such as {@code 14.9}, {@code 2.0rc1} or {@code 1!1.0.post2.dev3+ubuntu.1}.
 *
 * <p>Versions that differ only in how they are written are equal: {@code 1.0} and {@code 1}, {@code 1.0-1} and
 * {@code 1.0.post1}, {@code 1.0RC1} and {@code 1.0c1}. The text is the normal form with as many components as were
 * written, so equal versions may have different texts. Numbers are unbounded, apart from {@link #MAX_DIGITS}.
 *
 * <p>The order compares, one after the other:
 *
 * <ol>
 *   <li>the epoch;
 *   <li>the release, component by component, missing ones being 0;
 *   <li>the pre-release: a mere {@code dev} version first, then {@code a}, {@code b}, {@code rc}, then none;
 *   <li>the post-release, none first;
 *   <li>the development release, none last;
 *   <li>the local label, none first.
 * </ol>
 */
public final class Version implements Comparable<Version> {
    /** The longest text that is read. */
    public static final int MAX_CHARS = 256;
    /** The longest number that is read, counting leading zeros. */
    public static final int MAX_DIGITS = 64;

    /** What {@code dev} alone stands for in a constraint. */
    static final Version DEV =
            new Version(BigInteger.ZERO, List.of(BigInteger.ZERO, BigInteger.ZERO), null, null, BigInteger.ZERO, null);

    private final BigInteger epoch;
    private final List<BigInteger> release;
    private final @Nullable PreRelease pre;
    private final @Nullable BigInteger post;
    private final @Nullable BigInteger dev;
    private final @Nullable LocalLabel local;

    Version(
            BigInteger epoch,
            List<BigInteger> release,
            @Nullable PreRelease pre,
            @Nullable BigInteger post,
            @Nullable BigInteger dev,
            @Nullable LocalLabel local) {
        this.epoch = epoch;
        this.release = release;
        this.pre = pre;
        this.post = post;
        this.dev = dev;
        this.local = local;
    }

    /** A stage on the way to a release, in order. */
    enum Stage {
        A,
        B,
        RC
    }

    /** {@code a1}, {@code b2}, {@code rc3}. */
    record PreRelease(Stage stage, BigInteger number) {
        @Override
        public String toString() {
            String letters = switch (stage) {
                case A -> "a";
                case B -> "b";
                case RC -> "rc";
            };
            return letters + number;
        }
    }

    /**
     * Reads a version; blanks around it are ignored.
     *
     * @throws VersionSyntaxException.InvalidVersion naming the character that is wrong
     */
    public static Version parse(String text) {
        if (text.length() > MAX_CHARS) {
            throw VersionReader.tooLong(text, MAX_CHARS);
        }
        int end = Blanks.trimEnd(text, 0, text.length());
        VersionReader reader = new VersionReader(text, Blanks.skip(text, 0, end), end);
        Version version = reader.read();
        reader.expectEnd();
        return version;
    }

    @Override
    public int compareTo(Version other) {
        int order = epoch.compareTo(other.epoch);
        if (order == 0) {
            order = compareReleases(release, other.release);
        }
        if (order == 0) {
            order = comparePreReleases(this, other);
        }
        if (order == 0) {
            order = compare(post, other.post, -1);
        }
        if (order == 0) {
            order = compare(dev, other.dev, 1);
        }
        return order == 0 ? compare(local, other.local, -1) : order;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof Version version && compareTo(version) == 0);
    }

    @Override
    public int hashCode() {
        int hash = 31 * epoch.hashCode() + Objects.hash(pre, post, dev, local);
        for (int i = significantComponents() - 1; i >= 0; i--) {
            hash = 31 * hash + release.get(i).hashCode();
        }
        return hash;
    }

    /** The normal form, with the components that were written. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (epoch.signum() != 0) {
            text.append(epoch).append('!');
        }
        text.append(release.get(0));
        for (int i = 1; i < release.size(); i++) {
            text.append('.').append(release.get(i));
        }
        if (pre != null) {
            text.append(pre);
        }
        if (post != null) {
            text.append(".post").append(post);
        }
        if (dev != null) {
            text.append(".dev").append(dev);
        }
        if (local != null) {
            text.append('+').append(local);
        }
        return text.toString();
    }

    /** How many components were written. */
    int precision() {
        return release.size();
    }

    /** A component of the release, counted from 0; those that were not written are 0. */
    BigInteger component(int index) {
        return index < release.size() ? release.get(index) : BigInteger.ZERO;
    }

    boolean hasPre() {
        return pre != null;
    }

    boolean hasPost() {
        return post != null;
    }

    boolean hasDev() {
        return dev != null;
    }

    boolean hasLocal() {
        return local != null;
    }

    /** Whether it consists of its release alone. */
    boolean isPlain() {
        return epoch.signum() == 0 && pre == null && post == null && dev == null && local == null;
    }

    boolean isSameRelease(Version other) {
        return epoch.equals(other.epoch) && compareReleases(release, other.release) == 0;
    }

    /** Whether this is the post-release right after the other, or neither is a post-release. */
    boolean isPostAfter(Version other) {
        if (post == null || other.post == null) {
            return post == null && other.post == null;
        }
        return post.equals(other.post.add(BigInteger.ONE));
    }

    /** The least version of the same release, pre-release and post-release. */
    Version firstDev() {
        return new Version(epoch, release, pre, post, BigInteger.ZERO, null);
    }

    boolean isFirstDev() {
        return dev != null && dev.signum() == 0 && local == null;
    }

    Version withoutDev() {
        return dev == null ? this : new Version(epoch, release, pre, post, null, local);
    }

    /** The version that this is a post-release of, or itself when it is none. */
    Version withoutPost() {
        return post == null ? this : new Version(epoch, release, pre, null, null, local);
    }

    Version withoutLocal() {
        return local == null ? this : new Version(epoch, release, pre, post, dev, null);
    }

    /** The release that follows when that component, counted from 0, is raised by one. */
    Version raised(int index) {
        int size = Math.max(release.size(), index + 1);
        List<BigInteger> next = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            next.add(i < index ? component(i) : BigInteger.ZERO);
        }
        next.set(index, component(index).add(BigInteger.ONE));
        return new Version(epoch, List.copyOf(next), null, null, null, null);
    }

    /** The version that follows when the last tag that was written, or else the last component, is raised by one. */
    Version successor() {
        if (dev != null) {
            return new Version(epoch, release, pre, post, dev.add(BigInteger.ONE), null);
        } else if (post != null) {
            return new Version(epoch, release, pre, post.add(BigInteger.ONE), null, null);
        } else if (pre != null) {
            PreRelease next = new PreRelease(pre.stage, pre.number.add(BigInteger.ONE));
            return new Version(epoch, release, next, null, null, null);
        }
        return raised(release.size() - 1);
    }

    /** The release whose last component other than 0 is one lower, as {@code 1.1} for {@code 1.2.0}. */
    Optional<Version> releaseBefore() {
        int last = significantComponents() - 1;
        if (last < 0) {
            return Optional.empty();
        }
        List<BigInteger> lowered = new ArrayList<>(release.subList(0, last + 1));
        lowered.set(last, release.get(last).subtract(BigInteger.ONE));
        return Optional.of(new Version(epoch, List.copyOf(lowered), null, null, null, null));
    }

    /** How many components there are without trailing zeros. */
    private int significantComponents() {
        int count = release.size();
        while (count > 0 && release.get(count - 1).signum() == 0) {
            count--;
        }
        return count;
    }

    private static int compareReleases(List<BigInteger> a, List<BigInteger> b) {
        int shared = Math.min(a.size(), b.size());
        for (int i = 0; i < shared; i++) {
            int order = a.get(i).compareTo(b.get(i));
            if (order != 0) {
                return order;
            }
        }
        return hasMore(a, shared) ? 1 : hasMore(b, shared) ? -1 : 0;
    }

    /** Whether a component other than 0 follows. */
    private static boolean hasMore(List<BigInteger> release, int from) {
        for (int i = from; i < release.size(); i++) {
            if (release.get(i).signum() != 0) {
                return true;
            }
        }
        return false;
    }

    private static int comparePreReleases(Version a, Version b) {
        if (a.pre != null && b.pre != null) {
            int order = a.pre.stage.compareTo(b.pre.stage);
            return order == 0 ? a.pre.number.compareTo(b.pre.number) : order;
        }
        return Integer.compare(a.preRank(), b.preRank());
    }

    /** A mere {@code dev} version comes before all pre-releases, a version without either after them. */
    private int preRank() {
        return pre != null ? 0 : post == null && dev != null ? -1 : 1;
    }

    private static <T extends Comparable<T>> int compare(@Nullable T a, @Nullable T b, int rankOfNone) {
        if (a == null) {
            return b == null ? 0 : rankOfNone;
        }
        return b == null ? -rankOfNone : a.compareTo(b);
    }
}
