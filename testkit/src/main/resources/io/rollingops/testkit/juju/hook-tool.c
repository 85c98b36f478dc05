// SPDX-License-Identifier: Apache-2.0
//
// Every hook command of the emulator, and juju-exec: tells the emulator under which name it was called, prints what
// comes back and exits as told. Installed once for each emulated machine, with a symbolic link for each command.
//
// Request:  total length, then the fields: context id, working directory, command name, "1" or "" (is stdin given?),
//           stdin, the arguments. Each field is a length and its bytes.
// Answer:   exit code, stdout, stderr (a length and bytes each). The code NEEDS_STDIN asks for the same request again,
//           with stdin. All numbers are 32 bits, big-endian. hook-tool.pl is the same program in Perl.

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NEEDS_STDIN 0xffffffffu

typedef struct {
    char *bytes;
    size_t length;
    size_t room;
} buffer;

static void fail(const char *what) {
    fprintf(stderr, "ERROR %s: %s\n", what, strerror(errno));
    exit(1);
}

static void reserve(buffer *b, size_t more) {
    if (b->length + more <= b->room) {
        return;
    }
    b->room = 2 * (b->length + more);
    b->bytes = realloc(b->bytes, b->room);
    if (b->bytes == NULL) {
        fail("out of memory");
    }
}

static void append(buffer *b, const void *bytes, size_t length) {
    reserve(b, length);
    memcpy(b->bytes + b->length, bytes, length);
    b->length += length;
}

static void append_field(buffer *b, const void *bytes, size_t length) {
    uint32_t size = htonl((uint32_t) length);
    append(b, &size, sizeof size);
    append(b, bytes, length);
}

static void read_to_end(int fd, buffer *b) {
    for (;;) {
        reserve(b, 65536);
        ssize_t n = read(fd, b->bytes + b->length, 65536);
        if (n == 0) {
            return;
        }
        if (n < 0 && errno != EINTR) {
            fail("read");
        }
        b->length += n > 0 ? (size_t) n : 0;
    }
}

static void write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno != EINTR) {
            fail("write");
        }
        if (n > 0) {
            bytes += n;
            length -= (size_t) n;
        }
    }
}

// The address that the hook's environment names; without one, the socket beside this program's own folder.
static void socket_path(char *path, size_t room) {
    const char *address = getenv("JUJU_AGENT_SOCKET_ADDRESS");
    if (address != NULL && *address != 0) {
        snprintf(path, room, "%s", address);
        return;
    }
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0) {
        fail("/proc/self/exe");
    }
    self[n] = 0;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(self, '/');
        if (slash != NULL) {
            *slash = 0;
        }
    }
    snprintf(path, room, "%.90s/agent.socket", self);
}

static buffer call(const char *name, int argc, char **argv, const buffer *input) {
    buffer fields = {0};
    const char *context = getenv("JUJU_CONTEXT_ID");
    context = context == NULL ? "" : context;
    append_field(&fields, context, strlen(context));
    char directory[PATH_MAX];
    if (getcwd(directory, sizeof directory) == NULL) {
        fail("getcwd");
    }
    append_field(&fields, directory, strlen(directory));
    append_field(&fields, name, strlen(name));
    append_field(&fields, "1", input == NULL ? 0 : 1);
    append_field(&fields, input == NULL ? "" : input->bytes, input == NULL ? 0 : input->length);
    for (int i = 1; i < argc; i++) {
        append_field(&fields, argv[i], strlen(argv[i]));
    }

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socket_path(address.sun_path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) < 0) {
        fail(address.sun_path);
    }
    uint32_t size = htonl((uint32_t) fields.length);
    write_all(fd, (const char *) &size, sizeof size);
    write_all(fd, fields.bytes, fields.length);
    buffer answer = {0};
    read_to_end(fd, &answer);
    close(fd);
    free(fields.bytes);
    if (answer.length < 12) {
        fprintf(stderr, "ERROR the emulator gave no answer\n");
        exit(1);
    }
    return answer;
}

static uint32_t number_at(const buffer *b, size_t at) {
    uint32_t value;
    memcpy(&value, b->bytes + at, sizeof value);
    return ntohl(value);
}

int main(int argc, char **argv) {
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash == NULL ? argv[0] : slash + 1;
    buffer answer = call(name, argc, argv, NULL);
    if (number_at(&answer, 0) == NEEDS_STDIN) {
        buffer input = {0};
        read_to_end(STDIN_FILENO, &input);
        answer = call(name, argc, argv, &input);
    }
    uint32_t out = number_at(&answer, 4);
    uint32_t err = number_at(&answer, 8 + out);
    write_all(STDOUT_FILENO, answer.bytes + 8, out);
    write_all(STDERR_FILENO, answer.bytes + 12 + out, err);
    return (int) number_at(&answer, 0);
}
