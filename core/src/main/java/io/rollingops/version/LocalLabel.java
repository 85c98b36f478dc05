// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What stands behind the {@code +} of a version: segments between dots, in lower case. A segment of digits keeps its
 * leading zeros in the text but compares as a number, and stands above a segment with letters.
 */
final class LocalLabel implements Comparable<LocalLabel> {
    private final List<Segment> segments;

    private LocalLabel(List<Segment> segments) {
        this.segments = segments;
    }

    /** The label of these segments, each in lower case and not empty. */
    static LocalLabel of(List<String> texts) {
        List<Segment> segments = new ArrayList<>(texts.size());
        for (String text : texts) {
            boolean digits = text.chars().allMatch(c -> c >= '0' && c <= '9');
            segments.add(new Segment(text, digits ? Optional.of(new BigInteger(text)) : Optional.empty()));
        }
        return new LocalLabel(List.copyOf(segments));
    }

    @Override
    public int compareTo(LocalLabel other) {
        int shared = Math.min(segments.size(), other.segments.size());
        for (int i = 0; i < shared; i++) {
            int order = segments.get(i).compareTo(other.segments.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(segments.size(), other.segments.size());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LocalLabel label && compareTo(label) == 0;
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (Segment segment : segments) {
            hash = 31 * hash + (segment.number.isPresent() ? segment.number.hashCode() : segment.text.hashCode());
        }
        return hash;
    }

    @Override
    public String toString() {
        return String.join(".", segments.stream().map(Segment::text).toList());
    }

    private record Segment(String text, Optional<BigInteger> number) implements Comparable<Segment> {
        @Override
        public int compareTo(Segment other) {
            if (number.isPresent() && other.number.isPresent()) {
                return number.get().compareTo(other.number.get());
            } else if (number.isPresent() || other.number.isPresent()) {
                return number.isPresent() ? 1 : -1;
            }
            return text.compareTo(other.text);
        }
    }
}
