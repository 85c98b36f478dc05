// SPDX-License-Identifier: Apache-2.0
package io.rollingops.json;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and writes {@link Json} values, strictly.
 *
 * <p>Reading refuses what RFC 8259 does, and further: duplicate member names, text over {@link #MAX_CHARS}, nesting over
 * {@link #MAX_DEPTH} and numbers over {@link #MAX_DIGITS}. Writing is compact and gives the same bytes as the original
 * library: no blanks, raw UTF-8, the shortest form of a number.
 */
public final class JsonText {
    /** The longest text that is read, in UTF-16 units. */
    public static final int MAX_CHARS = 4 << 20;
    /** How deep arrays and objects may be nested. */
    public static final int MAX_DEPTH = 64;
    /** The longest number that is read, in characters; a longer one costs quadratic time. */
    public static final int MAX_DIGITS = 400;

    private static final int SIGNIFICANT_DIGITS_MAX = 17;

    private JsonText() {}

    /**
     * The value that stands in the text.
     *
     * @throws JsonException naming line and column when the text is not strict JSON or over a limit
     */
    public static Json parse(String text) {
        return parse(text, MAX_CHARS);
    }

    /** As {@link #parse(String)}, with a limit of the caller's, for texts of our own that may be longer. */
    public static Json parse(String text, int maxChars) {
        if (text.length() > maxChars) {
            throw new JsonException("the text is " + text.length() + " characters long, over the limit of " + maxChars);
        }
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(MAX_DEPTH);
            Json value = read(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new JsonException("more text follows the value" + place(reader));
            }
            return value;
        } catch (EOFException e) {
            throw new JsonException("the text ends in the middle of a value", e);
        } catch (MalformedJsonException | NumberFormatException e) {
            throw new JsonException("not valid JSON: " + firstLine(e), e);
        } catch (IOException e) {
            throw new UncheckedIOException("a string cannot fail to be read", e);
        }
    }

    /** As {@link #parse}, for a text that must be an object. */
    public static Json.Obj parseObject(String text) {
        if (parse(text) instanceof Json.Obj object) {
            return object;
        }
        throw new JsonException("expected an object");
    }

    /** The compact text of the value. */
    public static String write(Json value) {
        StringWriter out = new StringWriter();
        try (JsonWriter writer = new JsonWriter(out)) {
            writer.setStrictness(Strictness.STRICT);
            writer.setHtmlSafe(false);
            write(writer, value);
        } catch (IOException e) {
            throw new UncheckedIOException("a string cannot fail to be written", e);
        }
        return withRawSeparators(out.toString());
    }

    private static Json read(JsonReader reader) throws IOException {
        return switch (reader.peek()) {
            case BEGIN_OBJECT -> readObject(reader);
            case BEGIN_ARRAY -> {
                List<Json> items = new ArrayList<>();
                reader.beginArray();
                while (reader.hasNext()) {
                    items.add(read(reader));
                }
                reader.endArray();
                yield new Json.Arr(items);
            }
            case STRING -> new Json.Str(reader.nextString());
            case NUMBER -> number(reader);
            case BOOLEAN -> new Json.Bool(reader.nextBoolean());
            case NULL -> {
                reader.nextNull();
                yield Json.Null.INSTANCE;
            }
            case NAME, END_ARRAY, END_OBJECT, END_DOCUMENT ->
                throw new JsonException("a value is missing" + place(reader));
        };
    }

    private static Json readObject(JsonReader reader) throws IOException {
        Map<String, Json> members = new LinkedHashMap<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            if (members.containsKey(name)) {
                throw new JsonException("the member '" + name + "' stands twice" + place(reader));
            }
            members.put(name, read(reader));
        }
        reader.endObject();
        return new Json.Obj(members);
    }

    private static Json number(JsonReader reader) throws IOException {
        String text = reader.nextString();
        if (text.length() > MAX_DIGITS) {
            throw new JsonException("a number has more than " + MAX_DIGITS + " characters" + place(reader));
        }
        if (text.indexOf('.') < 0 && text.indexOf('e') < 0 && text.indexOf('E') < 0) {
            return new Json.Int(new BigInteger(text));
        }
        double value = Double.parseDouble(text);
        if (!Double.isFinite(value)) {
            throw new JsonException("the number " + text + " is too large" + place(reader));
        }
        return new Json.Real(value);
    }

    private static void write(JsonWriter writer, Json value) throws IOException {
        if (value instanceof Json.Obj object) {
            writer.beginObject();
            for (Map.Entry<String, Json> member : object.members().entrySet()) {
                writer.name(member.getKey());
                write(writer, member.getValue());
            }
            writer.endObject();
        } else if (value instanceof Json.Arr array) {
            writer.beginArray();
            for (Json item : array.items()) {
                write(writer, item);
            }
            writer.endArray();
        } else if (value instanceof Json.Str text) {
            writer.value(text.value());
        } else if (value instanceof Json.Int number) {
            writer.value(number.value());
        } else if (value instanceof Json.Real number) {
            writer.jsonValue(shortest(number.value()));
        } else if (value instanceof Json.Bool bool) {
            writer.value(bool.value());
        } else {
            writer.nullValue();
        }
    }

    /**
     * The shortest decimal that reads back as the same double, in the layout of the original: plain digits from 1e-5 up
     * to but not including 1e16, else an exponent with its sign. {@code Double.toString} lays it out otherwise, and
     * before JDK 19 it is not always the shortest.
     */
    private static String shortest(double value) {
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal exact = new BigDecimal(value);
        BigDecimal decimal = exact;
        for (int digits = 1; digits <= SIGNIFICANT_DIGITS_MAX; digits++) {
            decimal = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
            if (decimal.doubleValue() == value) {
                break;
            }
        }
        decimal = decimal.stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -5 && exponent < 16) {
            return (decimal.scale() < 1 ? decimal.setScale(1) : decimal).toPlainString();
        }
        String digits = decimal.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "")
                + digits.charAt(0)
                + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + (exponent < 0 ? "e-" : "e+")
                + Math.abs(exponent);
    }

    /** The writer below always escapes U+2028 and U+2029 (for JavaScript's sake); the wire form has them raw. */
    private static String withRawSeparators(String text) {
        if (!text.contains("\\u202")) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int i = 0;
        while (i < text.length()) {
            if (text.startsWith("\\u2028", i) || text.startsWith("\\u2029", i)) {
                out.append(text.charAt(i + 5) == '8' ? '\u2028' : '\u2029');
                i += 6;
            } else if (text.charAt(i) == '\\') {
                out.append(text, i, i + 2);
                i += 2;
            } else {
                out.append(text.charAt(i++));
            }
        }
        return out.toString();
    }

    private static String place(JsonReader reader) {
        return " at " + reader.getPath();
    }

    private static String firstLine(Exception e) {
        String message = String.valueOf(e.getMessage());
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }
}
