#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Runs one hook, action or command, as a unit agent does, and tells how it ended and what it cost.
#
#   hook-runner.pl REPORT FOLDER WAIT ARCHITECTURE COMMAND [ARGUMENT ...]
#
# Starts COMMAND in FOLDER and copies its stdout and stderr. When it has ended, waits for the end of both, since a
# background process may hold them: for at most WAIT milliseconds, or for ever when WAIT is "eof". Then writes REPORT:
# "exit CODE" or "signal NUMBER", nanoseconds of wall time, microseconds of CPU time of the command and of all it waited
# for, KiB of memory of the largest of these. Needs perl-base only.
use strict;
use warnings;

my ($report, $folder, $wait, $architecture, @command) = @ARGV;

# Numbers of the system calls clock_gettime and getrusage; elsewhere the costs are reported as 0.
my %numbers = (x86_64 => [228, 98], aarch64 => [113, 165], ppc64le => [246, 77], s390x => [260, 77], riscv64 => [113, 165]);
my ($clock_gettime, $getrusage) = @{ $numbers{$architecture} // [] };

sub nanos {
    return 0 unless $clock_gettime;
    my $time = "\0" x 16;
    syscall($clock_gettime, 1, $time);
    my ($seconds, $nanos) = unpack 'q q', $time;
    return $seconds * 1_000_000_000 + $nanos;
}

sub usage_of_children {
    return (0, 0) unless $getrusage;
    my $usage = "\0" x 144;
    syscall($getrusage, -1, $usage);
    my ($user, $user_micros, $system, $system_micros, $memory) = unpack 'q5', $usage;
    return (($user + $system) * 1_000_000 + $user_micros + $system_micros, $memory);
}

pipe(my $out, my $out_end) && pipe(my $err, my $err_end) && pipe(my $ended, my $ended_end) or die "pipe: $!";
$SIG{CHLD} = sub { syswrite($ended_end, 'x') };
chdir($folder) or die "$folder: $!";
my $start = nanos();
my $pid = fork() // die "fork: $!";
if ($pid == 0) {
    open(STDOUT, '>&', $out_end) && open(STDERR, '>&', $err_end) or die "dup: $!";
    { no warnings 'exec'; exec { $command[0] } @command; }
    print STDERR "cannot run $command[0]: $!\n";
    exit 127;
}
close $out_end;
close $err_end;

my %target = (fileno($out) => \*STDOUT, fileno($err) => \*STDERR);
my %open = (fileno($out) => $out, fileno($err) => $err, fileno($ended) => $ended);
my $left = $wait eq 'eof' ? undef : $wait / 1000;
my ($status, $wall);

# A signal that comes just before select() is handled only when that returns: so it does, now and then.
my $lost_signal = 0.05;
while (!defined $status || %open) {
    my $watched = '';
    vec($watched, $_, 1) = 1 for keys %open;
    my ($ready, $rest) = select(my $readable = $watched, undef, undef, defined $status ? $left : $lost_signal);
    next if $ready < 0 || ($ready == 0 && !defined $status);
    $left = $rest if defined $status && defined $left;
    last if $ready == 0;
    for my $fd (keys %open) {
        next unless vec($readable, $fd, 1);
        my $count = sysread($open{$fd}, my $bytes, 65536);
        if ($fd == fileno $ended) {
            waitpid($pid, 0);
            $status = $?;
            $wall = nanos() - $start;
            delete $open{$fd};
        } elsif ($count) {
            syswrite($target{$fd}, $bytes);
        } else {
            delete $open{$fd};
        }
    }
}

my ($cpu, $memory) = usage_of_children();
my $how = $status & 127 ? 'signal ' . ($status & 127) : 'exit ' . ($status >> 8);
open(my $file, '>', "$report.part") or die "$report: $!";
print $file "$how\n$wall\n$cpu\n$memory\n";
close $file;
rename("$report.part", $report) or die "$report: $!";
