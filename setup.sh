#!/usr/bin/env bash
#
# From a fresh clone to a fleet that runs: Python packages in .venv, a Chromium that
# starts, fonts that draw French and Arabic, the libraries that mongod and Playwright
# need. Run it as often as you like: it does nothing when nothing changed, and needs no
# network then.
#
# It writes to .venv and .cache in this folder. Only two things go elsewhere, and only
# when they are missing: system packages, by apt (as root, or where `sudo` asks for no
# password), and a Chromium, by Playwright, where there is no such package.
#
# Your pip configuration is used as it is; no package index is named here.
#
#   FLEET_PYTHON=/path/to/python3.12   this Python (3.11 or newer) instead of the newest found
#   FLEET_CHROMIUM=/path/to/chromium   this browser and no other
#   FLEET_NO_APT=1                     install no system packages, say what is missing instead

# No `set -e`: a step that fails must reach the line that says what to do about it, and
# `set -e` is off in every function that is called from an `if` anyway.
set -uo pipefail
unset CDPATH PYTHONHOME PYTHONPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")" || exit 1

root=$PWD
venv=$root/.venv
log=$root/.cache/setup.log
chromium_names="chromium-headless-shell chromium google-chrome google-chrome-stable"
oldest_python=3.11
warnings=0
chromium='' version=''

# --- what a person reads ----------------------------------------------------------------

say() { printf '  %-9s %s\n' "$1" "$2"; }

warn() {
    warnings=$((warnings + 1))
    say "$1" "WARNING: $2"
}

die() {  # die WHAT_TO_DO...
    echo >&2
    if [ -s "$log" ] && [ "${log_matters:-no}" = yes ]; then
        echo "  The last lines of $log:" >&2
        tail -n 8 "$log" | cut -c 1-300 | sed 's/^/  | /' >&2
    fi
    echo "  make setup stopped:" >&2
    printf '    %s\n' "$@" >&2
    exit 1
}

logged() {  # run a command, its output in the log only; 9 is the lock below, not for children
    printf '\n$ %s\n' "$*" >>"$log"
    "$@" >>"$log" 2>&1 </dev/null 9>&-
}

limited() {  # limited SECONDS COMMAND...: macOS has no timeout(1)
    if command -v timeout >/dev/null; then timeout -k 5 "$@"; else shift && "$@"; fi
}

hash_of() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1
}

# --- system packages --------------------------------------------------------------------

apt_checked='' apt_updated='' apt_as=()

can_apt() {  # asked only when something is missing: a refused sudo is reported to the admin
    if [ -z "$apt_checked" ]; then
        apt_checked=no
        if [ -z "${FLEET_NO_APT:-}" ] && command -v apt-get >/dev/null; then
            if [ "$(id -u)" = 0 ]; then
                apt_checked=yes
            elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
                apt_checked=yes apt_as=(sudo -n)
            fi
        fi
    fi
    [ "$apt_checked" = yes ]
}

apt() {  # apt-get that waits for another apt (unattended upgrades on a new server) and gives up
    local try from
    for try in 1 2 3 4 5 6; do
        from=$(wc -c <"$log")
        # ${a[@]+"${a[@]}"}: bash 3.2 and 4.3 call an empty array unset.
        logged ${apt_as[@]+"${apt_as[@]}"} env DEBIAN_FRONTEND=noninteractive \
            apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" && return 0
        tail -c "+$((from + 1))" "$log" | grep -qiE 'could not get lock|unable to (lock|acquire)' || return 1
        say system "another apt is at work; waiting ($try of 6)"
        sleep 10
    done
    return 1
}

apt_lists() {  # once, and only before something is installed; old lists may still do
    [ -n "$apt_updated" ] && return
    apt_updated=yes
    say system "apt-get update"
    apt update || true
}

apt_has() { [ -n "$(apt-cache --no-all-versions show "$1" 2>/dev/null)" ]; }

apt_install() {
    apt_lists
    say system "apt-get install $*"
    apt install --no-install-recommends "$@"
}

# For a person whose sudo asks for a password: one line with all that is missing, not one
# line per run. Ubuntu has no such Chromium (there Playwright downloads one), and its
# libcurl4t64 answers to the name libcurl4.
by_hand() {  # by_hand PACKAGE...: the command to type
    local name missing=()
    if ! command -v apt-get >/dev/null; then echo "(your system's package manager) install $*" && return; fi
    set -- "$@" libatomic1 libcurl4 fonts-liberation fonts-dejavu-core
    if [ -z "$chromium" ] && grep -qs '^ID=debian' /etc/os-release; then set -- "$@" chromium-headless-shell; fi
    for name; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ||
            case " ${missing[*]-} " in *" $name "*) ;; *) missing+=("$name") ;; esac
    done
    echo "sudo apt-get install ${missing[*]-$*}"
}

# --- Python -----------------------------------------------------------------------------

new_enough() { [ "$("$1" -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null)" = True ]; }

complete() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

find_python() {  # sets $python: the first complete one, else the first new enough one
    local name
    python=
    for name in python3.13 python3.12 python3.11 python3; do
        new_enough "$name" || continue
        if complete "$name"; then python=$name && return; fi
        [ -n "$python" ] || python=$name
    done
}

choose_python() {
    local version package
    if [ -n "${FLEET_PYTHON:-}" ]; then
        new_enough "$FLEET_PYTHON" ||
            die "FLEET_PYTHON='$FLEET_PYTHON' is no Python $oldest_python or newer." \
                "Unset it, or set it to one."
        python=$FLEET_PYTHON
    else
        find_python
        if [ -z "$python" ] && ! command -v python3 >/dev/null && can_apt; then
            apt_install python3 python3-venv
            find_python
        fi
        [ -n "$python" ] ||
            die "No Python $oldest_python or newer is on the PATH (python3 there: $(python3 -V 2>/dev/null || echo none))." \
                "Debian 12, Ubuntu 24.04 and later have one; type: $(by_hand python3 python3-venv)" \
                "Or name one: FLEET_PYTHON=/path/to/python3.12 make setup"
    fi
    complete "$python" && return
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    package=python$version-venv   # Debian and Ubuntu ship venv and ensurepip apart
    if can_apt; then apt_install "$package" || log_matters=yes; fi
    complete "$python" ||
        die "Python $version is here, but its venv module is not." \
            "Type: $(by_hand "$package")" \
            "Then: make setup"
}

venv_works() {  # also false when the folder was moved: its scripts name the old place
    [ -x "$venv/bin/python" ] && new_enough "$venv/bin/python" &&
        [ -x "$venv/bin/pip" ] && "$venv/bin/pip" --version >/dev/null 2>&1 &&
        [ "$(cat "$venv/.setup-root" 2>/dev/null)" = "$root" ] || return 1
    [ -z "${FLEET_PYTHON:-}" ] ||
        [ "$("$FLEET_PYTHON" -c 'import sys; print(sys.base_prefix, sys.version)' 2>&1)" = \
          "$("$venv/bin/python" -c 'import sys; print(sys.base_prefix, sys.version)')" ]
}

install_packages() {
    log_matters=yes
    if ! venv_works; then
        choose_python
        say python "$("$python" -c 'import sys; print(sys.version.split()[0], sys.executable, sep="  ")'), into .venv"
        logged "$python" -m venv --clear "$venv" ||
            die "Could not make a virtual environment in $venv." "Remove it, then: make setup"
        printf '%s\n' "$root" >"$venv/.setup-root"
    fi
    say packages "$(grep -c '^[a-z].*==' requirements.lock) pinned packages (the first time: about 280 MB)"
    # PIP_USER: a person's `user = true` makes every install into a virtual environment fail.
    PIP_USER=0 logged "$venv/bin/python" -m pip install --no-input --require-hashes -r requirements.lock ||
        die "pip could not install what requirements.lock lists." \
            "No network, or a proxy or a package mirror that pip must be told of: see pip config --help" \
            "Then: make setup"
    PIP_USER=0 logged "$venv/bin/python" -m pip install --no-input --no-deps --no-build-isolation -e . ||
        die "pip could not install this project itself; pyproject.toml may be broken."
    log_matters=no
}

# --- shared libraries -------------------------------------------------------------------

missing_libraries() {  # names of the shared libraries that a program lacks, one per line
    command -v ldd >/dev/null || return 0
    ldd "$1" 2>/dev/null | awk '/=> not found/ {print $1}' | sort -u
}

package_of() {  # the Debian or Ubuntu package of a library; names with t64 are 2024's and later
    local name
    case $1 in
        libatomic.so.1) set -- libatomic1 ;;
        libcurl.so.4) set -- libcurl4t64 libcurl4 ;;
        libssl.so.3 | libcrypto.so.3) set -- libssl3t64 libssl3 ;;
        liblzma.so.5) set -- liblzma5 ;;
        libstdc++.so.6) set -- libstdc++6 ;;
        libgcc_s.so.1) set -- libgcc-s1 ;;
        *) return ;;
    esac
    for name; do apt_has "$name" && echo "$name" && return; done
}

install_libraries() {
    local driver mongod lacking packages library
    driver=$(find "$venv/lib" -path '*/playwright/driver/node' -print 2>/dev/null | head -n 1)
    mongod=$(find "$venv/lib" -path '*/fiftyone/db/bin/mongod' -print 2>/dev/null | head -n 1)
    lacking=$(for program in "$driver" "$mongod"; do [ -z "$program" ] || missing_libraries "$program"; done | sort -u)
    if [ -n "$lacking" ] && can_apt; then
        apt_lists
        packages=$(for library in $lacking; do package_of "$library"; done | sort -u)
        # shellcheck disable=SC2086  # package names, one word each
        [ -z "$packages" ] || apt_install $packages || log_matters=yes
    fi

    if ! "$venv/bin/playwright" --version >>"$log" 2>&1; then
        lacking=$(missing_libraries "$driver" | xargs)
        [ -n "$lacking" ] || log_matters=yes
        die "Playwright's driver does not start; libraries it lacks: ${lacking:-none}." \
            "Type: $(by_hand libstdc++6)" \
            "Then: make setup"
    fi
    if [ -n "$mongod" ] && ! "$mongod" --version >>"$log" 2>&1; then
        warn mongod "the bundled database does not start (lacks: $(missing_libraries "$mongod" | xargs)); type: $(by_hand) (or set FLEET_MONGODB_URL)"
    fi
    log_matters=no
}

# --- Chromium ---------------------------------------------------------------------------

tried=()

program_behind() {  # the ELF file that a wrapper script such as /usr/bin/chromium starts
    local real name
    real=$(readlink -f "$1" 2>/dev/null || echo "$1")
    name=$(basename "$real")
    for name in "$real" "/usr/lib/chromium/$name" "$(dirname "$real")/chrome"; do
        [ "$(head -c 4 "$name" 2>/dev/null | tail -c 3)" = ELF ] && echo "$name" && return
    done
}

starts() {  # starts CHROMIUM: true when it draws a page; else $reason says why not
    local said lacking scratch=$root/.cache/chromium
    reason=
    lacking=$(missing_libraries "$(program_behind "$1")" | xargs)
    if [ -n "$lacking" ]; then reason="lacks the libraries $lacking" && return 1; fi
    rm -rf "$scratch" && mkdir -p "$scratch"
    # Playwright too starts it without the sandbox unless told otherwise, and root cannot
    # have one; whether this machine allows it is for `fleet doctor` to say. HOME: it must
    # start where the real one is read-only, and leave nothing there.
    if version=$(HOME=$scratch limited 20 "$1" --version 2>>"$log" 9>&-) &&
        said=$(HOME=$scratch limited 60 "$1" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
            --disable-background-networking --no-first-run --user-data-dir="$scratch/profile" \
            --dump-dom 'data:text/html,<p>pr%C3%AAt</p>' 2>>"$log" </dev/null 9>&-) &&
        case $said in *'<p>'*'</p>'*) true ;; *) false ;; esac
    then
        rm -rf "$scratch"
        return 0
    fi
    reason="does not start or draws nothing (see $log)"
    rm -rf "$scratch"
    return 1
}

accept() {  # accept CHROMIUM: remember it if it starts
    if starts "$1"; then chromium=$1; else tried+=("$1 $reason") && return 1; fi
}

playwright_chromium() {  # the newest one that Playwright installed; the small shell comes first
    local base shell folder name newest number best
    base=${PLAYWRIGHT_BROWSERS_PATH:-}
    case $base in
        0) base=$(find "$venv/lib" -path '*/playwright/driver/package' -print 2>/dev/null | head -n 1)/.local-browsers ;;
        '') if [ "$(uname)" = Darwin ]; then base=$HOME/Library/Caches/ms-playwright
            else base=${XDG_CACHE_HOME:-${HOME:-}/.cache}/ms-playwright; fi ;;
    esac
    for shell in chromium_headless_shell chromium; do
        newest='' best=-1
        for folder in "$base/$shell"-*; do
            number=${folder##*-}
            case $number in *[!0-9]* | '') continue ;; esac
            for name in "$folder"/chrome-*/{chrome-headless-shell,headless_shell,chrome} \
                "$folder"/chrome-*/*.app/Contents/MacOS/*; do
                if [ -f "$name" ] && [ -x "$name" ] && [ "$number" -gt "$best" ]; then
                    newest=$name best=$number
                fi
            done
        done
        [ -z "$newest" ] || { echo "$newest" && return; }
    done
}

path_chromium() {
    local name found
    for name in $chromium_names; do
        found=$(command -v "$name") || continue
        # A snap sees neither this folder nor /tmp; a browser in one cannot be driven.
        case $(readlink -f "$found" 2>/dev/null) in /snap/* | */bin/snap) tried+=("$found is a snap") && continue ;; esac
        accept "$found" && return
    done
    return 1
}

find_chromium() {
    local found deps=()
    chromium='' version=''
    if [ -n "${FLEET_CHROMIUM:-}" ]; then
        accept "$FLEET_CHROMIUM" || die "FLEET_CHROMIUM='$FLEET_CHROMIUM' $reason." \
            "Correct or unset it, then: make setup"
        return
    fi

    found=$(playwright_chromium)
    if [ -n "$found" ]; then
        accept "$found" && return
        if can_apt; then
            say chromium "$found $reason; installing them"
            logged "$venv/bin/playwright" install-deps chromium
            accept "$found" && return
        fi
    fi
    [ -n "$found" ] || tried+=("none that Playwright installed")
    path_chromium && return
    tried+=("none on the PATH that starts ($chromium_names)")

    if can_apt; then
        apt_lists
        # Debian only: Ubuntu's chromium packages are stubs for a snap.
        if apt_has chromium-headless-shell; then
            apt_install chromium-headless-shell && path_chromium && return
            tried+=("apt-get install chromium-headless-shell failed (see $log)")
        fi
        deps=(--with-deps)
    fi
    say chromium "none found; Playwright downloads one (about 110 MB)"
    if logged limited 900 "$venv/bin/playwright" install ${deps[@]+"${deps[@]}"} --only-shell chromium; then
        found=$(playwright_chromium)
        [ -n "$found" ] && accept "$found" && return
        log_matters=no
    else
        log_matters=yes
        tried+=("playwright install --only-shell chromium failed (see $log)")
    fi

    die "There is no Chromium that starts. Tried:" \
        ${tried[@]+"${tried[@]/#/  - }"} \
        "On Debian type: $(by_hand chromium-headless-shell)" \
        "Elsewhere: .venv/bin/playwright install --only-shell chromium, then sudo .venv/bin/playwright install-deps chromium" \
        "Or name one: FLEET_CHROMIUM=/path/to/chromium make setup"
}

# --- fonts ------------------------------------------------------------------------------

# Liberation has the widths of Arial and Times, which the sites ask for, so a page breaks
# its lines as it does for a visitor. DejaVu draws Arabic (and Greek, Cyrillic) in 1 MB;
# Noto's core package would do it more beautifully in 12.
fonts_there() {
    local fonts
    [ "$(uname)" = Linux ] || return 0
    if command -v fc-list >/dev/null; then
        fonts=$(fc-list 2>/dev/null)
        [ -n "$(fc-list :lang=fr family)" ] && [ -n "$(fc-list :lang=ar family)" ] &&
            grep -qiE 'liberation|arial|arimo' <<<"$fonts"
    else
        fonts=$(find /usr/share/fonts /usr/local/share/fonts "${HOME:-/nonexistent}/.fonts" \
            "${HOME:-/nonexistent}/.local/share/fonts" -name '*.[ot]tf' 2>/dev/null)
        grep -qiE 'liberation|arial|arimo' <<<"$fonts" && grep -qiE 'dejavusans|arabic|freeserif|amiri' <<<"$fonts"
    fi
}

install_fonts() {
    fonts_there && return
    if can_apt && apt_install fonts-liberation fonts-dejavu-core && fonts_there; then return; fi
    warn fonts "pictures of pages will lack letters or differ in layout (French needs Liberation or Arial, Arabic DejaVu or Noto); type: $(by_hand)"
}

# --- a clock that can be set --------------------------------------------------------------

# Some tests run on other days than today. A person who only wants to see the fleet needs no
# such library, and without it these tests are skipped; where changes land they must run.
install_faketime() {
    [ -n "${CI:-}" ] || return 0
    compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null && return
    if can_apt && apt_install libfaketime; then return; fi
    warn clock "tests/test_clock_days.py cannot set it; type: $(by_hand libfaketime)"
}

# --- the whole --------------------------------------------------------------------------

if ! { mkdir -p "$root/.cache" && : >>"$log"; } 2>/dev/null; then
    die "You ($(id -un)) cannot write to $root." "Clone the project somewhere of your own."
fi

# `make demo` and `make test` in two terminals must not build one .venv together.
if command -v flock >/dev/null; then
    exec 9>"$root/.cache/setup.lock"
    flock -n 9 || { say setup "waiting for another make setup in this folder" && flock -w 1800 9; }
fi

# What the installed state depends on. The Python behind .venv is in it: after an upgrade
# of the system its packages are gone or of the wrong ABI.
state() {
    {
        cat requirements.lock pyproject.toml setup.sh
        echo "$root|${FLEET_PYTHON:-}|${FLEET_CHROMIUM:-}|${PLAYWRIGHT_BROWSERS_PATH:-}"
        "$venv/bin/python" -VV 2>&1
    } | hash_of
}

stamp=$venv/.setup-done
if [ -x "$venv/bin/fleet" ] && [ -f "$stamp" ]; then
    { read -r had && read -r chromium; } <"$stamp"
    if [ "$had" = "$(state)" ] && [ -x "$chromium" ]; then
        say setup "up to date"
        exit 0
    fi
fi

: >"$log"
echo "Setting up in $root (details: .cache/setup.log)"
[ -z "${FLEET_CHROMIUM:-}" ] || { [ -f "$FLEET_CHROMIUM" ] && [ -x "$FLEET_CHROMIUM" ]; } ||
    die "FLEET_CHROMIUM='$FLEET_CHROMIUM' is no program." \
        "Give the whole path of one, or unset it, then: make setup"
install_packages
install_libraries
find_chromium
say chromium "$version  $chromium"
install_fonts
install_faketime

if [ "$warnings" = 0 ]; then
    printf '%s\n%s\n' "$(state)" "$chromium" >"$stamp"
    say ready "next: make demo"
else
    rm -f "$stamp"  # so that the next run looks again
    say ready "with $warnings warning(s) above; next: make demo"
fi
