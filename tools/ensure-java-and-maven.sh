# shellcheck shell=bash
# Sourced by ./rollingops and ./verify: makes sure that a JDK 17 or later and Maven 3.8.7 or later are there, and for
# ./verify the programs that the tests start.
# As root on Debian or Ubuntu it installs what is missing; elsewhere it prints the command to type and ends.

tell() { printf '%s\n' "$*" >&2; }

java_release() { # prints the feature release of the java on the path, or of JAVA_HOME; nothing if there is none
  local java=java
  [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ] && java=$JAVA_HOME/bin/java
  "$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1
}

has_jdk() {
  local release
  release=$(java_release) || return 1
  [ -n "$release" ] && [ "$release" -ge 17 ] || return 1
  if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/javac" ]; then return 0; fi
  command -v javac >/dev/null 2>&1
}

has_maven() { command -v mvn >/dev/null 2>&1; }

on_debian() { command -v apt-get >/dev/null 2>&1; }

install_or_tell() { # WHAT PACKAGE...: installs the Debian packages, or says how and ends
  local what=$1
  shift
  if on_debian && [ "$(id -u)" = 0 ]; then
    tell "Installing $what (Debian packages: $*)"
    if ! { apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 \
        || { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q --no-install-recommends "$@" >/dev/null; }; }; then
      tell "Could not install $what. Install it by hand and try again:"
      tell "  apt-get update && apt-get install -y $*"
      exit 1
    fi
  elif on_debian; then
    tell "Rollingops needs $what. Type this and try again:"
    tell "  sudo apt-get update && sudo apt-get install -y $*"
    exit 1
  elif command -v dnf >/dev/null 2>&1; then
    tell "Rollingops needs $what. Type this and try again:"
    tell "  sudo dnf install -y java-17-openjdk-devel maven"
    exit 1
  elif command -v brew >/dev/null 2>&1; then
    tell "Rollingops needs $what. Type this and try again:"
    tell "  brew install openjdk@17 maven"
    exit 1
  else
    tell "Rollingops needs $what. Install a JDK (17 or later) and Maven (3.8.7 or later) with your system's package"
    tell "manager, see that 'java -version', 'javac -version' and 'mvn -version' answer, and try again."
    exit 1
  fi
}

ensure_jdk() { has_jdk || install_or_tell "a JDK, release 17 or later" openjdk-17-jdk-headless; }
ensure_maven() { has_maven || install_or_tell "Maven, 3.8.7 or later" maven; }

# What the tests start, as "program package" lines: real etcd servers, certificates as others make them, a small program that
# stands for Juju's hook commands, limits on a process, and the models of the protocol.
test_tools() {
  cat <<'TOOLS'
etcd etcd-server
etcdctl etcd-client
openssl openssl
cc gcc libc6-dev
python3 python3
prlimit util-linux
faketime faketime
TOOLS
}

missing_test_packages() {
  test_tools | while read -r program package; do
    command -v "$program" >/dev/null 2>&1 || printf '%s ' "$package"
  done
}

ensure_test_tools() { # a test that is skipped shows nothing, so without these there is no test run at all
  local missing
  missing=$(missing_test_packages)
  [ -z "$missing" ] && return
  if on_debian && [ "$(id -u)" = 0 ]; then
    # shellcheck disable=SC2086 # the packages are words
    install_or_tell "what the tests need" $missing
  else
    tell "The tests need programs that are not here; as Debian packages: $missing"
    if on_debian; then
      tell "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
    else
      tell "Install them with your system's package manager and try again. To test without them: mvn verify, which skips"
      tell "the tests that cannot run."
    fi
    exit 1
  fi
}
