#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The same program as hook-tool.c, for machines without a C compiler. Each module costs a part of a millisecond in each
# call, which is why there is none but strict.
use strict;

my $NEEDS_STDIN = 0xffffffff;
my ($AF_UNIX, $SOCK_STREAM) = (1, 1);

sub read_to_end {
    my ($handle) = @_;
    my $bytes = '';
    1 while sysread($handle, $bytes, 65536, length $bytes);
    return $bytes;
}

# The address that the hook's environment names; without one, the socket beside this program's own folder.
sub socket_path {
    my $address = $ENV{JUJU_AGENT_SOCKET_ADDRESS} // '';
    return $address if $address ne '';
    my $self = readlink($0) // $0;
    $self =~ s{/[^/]*/[^/]*$}{};
    return "$self/agent.socket";
}

sub call {
    my ($name, $input) = @_;
    my $directory = readlink('/proc/self/cwd') // '';
    my @fields = ($ENV{JUJU_CONTEXT_ID} // '', $directory, $name, defined $input ? '1' : '', $input // '', @ARGV);
    my $path = socket_path();
    socket(my $socket, $AF_UNIX, $SOCK_STREAM, 0) or fail("socket: $!");
    connect($socket, pack('S a*', $AF_UNIX, $path)) or fail("$path: $!");
    my $request = pack('N/a*', join '', map { pack 'N/a*', $_ } @fields);
    while (length $request) {
        my $written = syswrite($socket, $request) // fail("write: $!");
        substr($request, 0, $written, '');
    }
    my $answer = read_to_end($socket);
    fail('the emulator gave no answer') if length $answer < 12;
    return unpack 'N N/a* N/a*', $answer;
}

sub fail {
    print STDERR "ERROR $_[0]\n";
    exit 1;
}

my ($name) = $0 =~ m{([^/]*)$};
my ($code, $out, $err) = call($name, undef);
if ($code == $NEEDS_STDIN) {
    ($code, $out, $err) = call($name, read_to_end(\*STDIN));
}
print STDOUT $out;
print STDERR $err;
exit $code;
