// SPDX-License-Identifier: Apache-2.0
package io.rollingops.json;

import java.math.BigInteger;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One JSON value, immutable. Objects keep the order in which their members were written and compare without it;
 * integers are unbounded.
 */
public sealed interface Json {

    /** An object; its members keep their order when written. */
    record Obj(Map<String, Json> members) implements Json {
        public static final Obj EMPTY = new Obj(Map.of());

        public Obj {
            members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
        }

        public Optional<Json> find(String name) {
            return Optional.ofNullable(members.get(name));
        }

        /** The member of that name; {@link JsonException} when it is missing. */
        public Json get(String name) {
            return find(name).orElseThrow(() -> new JsonException("field '" + name + "' is missing"));
        }

        public String string(String name) {
            if (get(name) instanceof Str text) {
                return text.value();
            }
            throw wrongKind(name, "a string");
        }

        public boolean bool(String name) {
            if (get(name) instanceof Bool bool) {
                return bool.value();
            }
            throw wrongKind(name, "true or false");
        }

        /** The member as a whole number that fits 64 bits. */
        public long integer(String name) {
            if (get(name) instanceof Int number && number.value().bitLength() < Long.SIZE) {
                return number.value().longValueExact();
            }
            throw wrongKind(name, "a whole number of at most 64 bits");
        }

        public Obj object(String name) {
            if (get(name) instanceof Obj object) {
                return object;
            }
            throw wrongKind(name, "an object");
        }

        public List<Json> array(String name) {
            if (get(name) instanceof Arr array) {
                return array.items();
            }
            throw wrongKind(name, "an array");
        }

        private JsonException wrongKind(String name, String expected) {
            return new JsonException("field '" + name + "' must be " + expected + ", not "
                    + get(name).kind());
        }
    }

    /** An array. */
    record Arr(List<Json> items) implements Json {
        public Arr {
            items = List.copyOf(items);
        }
    }

    /** A string. */
    record Str(String value) implements Json {}

    /** A whole number, written without a fraction. */
    record Int(BigInteger value) implements Json {
        public Int(long value) {
            this(BigInteger.valueOf(value));
        }
    }

    /** A number with a fraction or an exponent. NaN and the infinities have no JSON form and are refused. */
    record Real(double value) implements Json {
        public Real {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("JSON has no form for " + value);
            }
        }
    }

    /** True or false. */
    record Bool(boolean value) implements Json {}

    /** The value null. */
    record Null() implements Json {
        public static final Null INSTANCE = new Null();
    }

    static Json of(String value) {
        return new Str(value);
    }

    static Json of(long value) {
        return new Int(value);
    }

    static Json of(boolean value) {
        return new Bool(value);
    }

    /**
     * The JSON form of what Java programs pass as named arguments: maps with text keys, lists and arrays, texts, numbers,
     * truth values and null.
     *
     * @throws JsonException naming the argument that has no JSON form
     */
    static Obj ofMap(Map<String, ?> arguments) {
        return JavaValues.object("", arguments);
    }

    /** How deep it is nested: 0 for a plain value, 1 for an array or object of plain values. */
    default int depth() {
        Collection<Json> parts;
        if (this instanceof Obj object) {
            parts = object.members().values();
        } else if (this instanceof Arr array) {
            parts = array.items();
        } else {
            return 0;
        }
        return 1 + parts.stream().mapToInt(Json::depth).max().orElse(0);
    }

    /** A builder whose members are written in the order in which they were put. */
    static ObjectBuilder object() {
        return new ObjectBuilder();
    }

    /** What a message to a person calls this value. */
    default String kind() {
        if (this instanceof Obj) {
            return "an object";
        } else if (this instanceof Arr) {
            return "an array";
        } else if (this instanceof Str) {
            return "a string";
        } else if (this instanceof Null) {
            return "null";
        } else if (this instanceof Bool bool) {
            return Boolean.toString(bool.value());
        }
        return "the number " + JsonText.write(this);
    }

    /** Collects members of one object; for one thread. */
    final class ObjectBuilder {
        private final Map<String, Json> members = new LinkedHashMap<>();

        private ObjectBuilder() {}

        public ObjectBuilder put(String name, Json value) {
            members.put(name, value);
            return this;
        }

        public ObjectBuilder put(String name, String value) {
            return put(name, of(value));
        }

        public ObjectBuilder put(String name, long value) {
            return put(name, of(value));
        }

        public ObjectBuilder put(String name, boolean value) {
            return put(name, of(value));
        }

        public Obj build() {
            return new Obj(members);
        }
    }
}
