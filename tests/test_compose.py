"""What docker-compose.yml promises, read from the file; tests/compose checks a stack that runs."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
STACK: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
PROFILES = {"demo", "tls", "backup", "metrics"}
ONCE = {"secrets", "accounts", "demo-first"}


every = pytest.mark.parametrize("name", SERVICES)


@every
def test_a_service_can_do_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert "no-new-privileges:true" in service["security_opt"]
    assert int(service["user"].partition(":")[0]) > 0
    assert service["pids_limit"]
    assert service["mem_limit"]
    assert any(each.startswith("/tmp:size=") for each in service["tmpfs"])
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert "unconfined" not in str(service["security_opt"])
    assert "docker.sock" not in str(service.get("volumes"))


@every
def test_a_service_is_watched_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    if name in ONCE:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert "healthcheck" in service or name == "backup"


@every
def test_only_pages_are_published_and_on_this_machine_only(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    if name == "caddy":
        assert ports == ["80:80", "443:443"]
    else:
        assert bool(ports) == (name in {"web", "demo-web", "grafana"})
        assert all(port.startswith("127.0.0.1:") for port in ports)


def test_only_the_watching_fleet_and_the_proxy_reach_the_internet() -> None:
    outside = {name for name, each in SERVICES.items() if "outside" in each.get("networks", [])}
    assert outside == {"watch", "caddy"}
    assert STACK["networks"]["inside"] == {"internal": True}
    masquerade = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    assert STACK["networks"]["front"] == {"driver_opts": masquerade}
    assert SERVICES["mongo"]["networks"] == ["inside"]
    assert SERVICES["secrets"]["network_mode"] == "none"


def test_there_is_no_password_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    said = re.findall(r"(?i)^ *\w*(?:password|secret|token)\w*: *([^\s{]\S*)", text, re.MULTILINE)
    assert said == ["/secrets/root/password"]
    assert "mongodb://mongo:27017/" in text
    assert not re.search(r"mongodb://[^\s/]*:[^\s/]*@", text)


def test_each_role_reads_its_own_secret_and_nobody_writes_them_but_the_first_start() -> None:
    reads = {
        name: {v.partition(":")[0] for v in each.get("volumes", []) if v.startswith("secret-")}
        for name, each in SERVICES.items()
    }
    assert {name for name, secrets in reads.items() if "secret-root" in secrets} == {
        "secrets",
        "accounts",
        "mongo",
    }
    assert reads["web"] == reads["demo-web"] == {"secret-web"}
    assert reads["watch"] == reads["backup"] == {"secret-watch"}
    assert reads["demo-first"] == reads["demo-watch"] == {"secret-watch"}
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            if volume.startswith("secret-") and name != "secrets":
                assert volume.endswith(":ro")


def test_a_visit_may_end_before_docker_kills() -> None:
    assert SERVICES["watch"]["stop_grace_period"] == "150s"
    environment = SERVICES["watch"]["environment"]
    assert "FLEET_GRACE_S" not in environment  # the default, 60 s, and closing fit into it


def test_chromium_keeps_its_sandbox() -> None:
    for name in ("watch", "web", "demo-first", "demo-watch", "demo-web"):
        assert "seccomp=./docker/seccomp-chromium.json" in SERVICES[name]["security_opt"]
    profile = json.loads((ROOT / "docker/seccomp-chromium.json").read_text(encoding="utf-8"))
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    own = [each for each in profile["syscalls"] if "chroot" in each["names"] and len(each) == 2]
    assert own == [{"names": ["clone", "unshare", "chroot"], "action": "SCMP_ACT_ALLOW"}]


def test_the_image_holds_the_versions_that_are_tested() -> None:
    pinned = {
        path: set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / path).read_text(), re.MULTILINE))
        for path in ("requirements.lock", "docker/requirements.lock")
    }
    assert pinned["docker/requirements.lock"] < pinned["requirements.lock"]
    assert not any(
        each.startswith(("pytest", "fiftyone", "pyarrow"))
        for each in pinned["docker/requirements.lock"]
    )


@every
def test_what_is_mounted_from_the_repository_is_in_it(name: str) -> None:
    volumes = SERVICES[name].get("volumes", [])
    assert all((ROOT / v.partition(":")[0]).is_file() for v in volumes if v.startswith("./"))


def test_the_dashboard_shows_metrics_that_the_fleet_has() -> None:
    dashboard = json.loads((ROOT / "docker/grafana/fleet.json").read_text(encoding="utf-8"))
    asked = " ".join(each["expr"] for panel in dashboard["panels"] for each in panel["targets"])
    names = {re.sub("_(total|bucket)$", "", each) for each in re.findall(r"fleet_\w+", asked)}
    has = set(
        re.findall(r'"(fleet_\w+)"', (ROOT / "fleet/engine/metrics.py").read_text(encoding="utf-8"))
    )
    assert len(names) > 10
    assert names <= has


@pytest.mark.process
@pytest.mark.parametrize("profile", [None, *sorted(PROFILES)])
def test_compose_understands_the_file(profile: str | None) -> None:
    if not compose_is_here():
        pytest.skip("no docker compose here")
    chosen = ["--profile", profile] if profile else []
    said = subprocess.run(
        ["docker", "compose", *chosen, "config", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")


@functools.cache
def compose_is_here() -> bool:
    """Whether `docker compose` is on the PATH; it needs no engine to read a file."""
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return asked.returncode == 0


def test_the_profiles_are_those_of_the_docs() -> None:
    assert {p for each in SERVICES.values() for p in each.get("profiles", [])} == PROFILES
    docs = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert all(f"--profile {each}" in docs for each in PROFILES)


def test_every_setting_that_compose_reads_is_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)", text))
    for service in SERVICES.values():
        environment = service.get("environment", {})
        asked |= {name for name, value in environment.items() if value is None}
        asked |= set(service.get("build", {}).get("args", []))
    assert len(asked) > 30
    assert asked == set(re.findall(r"^#(\w+)=", example, re.MULTILINE))


def test_a_small_machine_is_set_what_the_file_reads_within_two_gigabytes() -> None:
    text = (ROOT / "docker/small.env").read_text(encoding="utf-8")
    settings = dict(re.findall(r"^(\w+)=(\S+)$", text, re.MULTILINE))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert settings.keys() <= {*re.findall(r"^#(\w+)=", example, re.MULTILINE)}
    limits = [int(value.removesuffix("m")) for name, value in settings.items() if "MEMORY" in name]
    assert len(limits) == 3
    assert sum(limits) <= 1850  # the rest is the system's
    assert float(settings["MONGO_CACHE_GB"]) * 1024 < int(settings["MONGO_MEMORY"][:-1])


def test_what_is_built_here_is_never_looked_for_elsewhere() -> None:
    built = [each for each in SERVICES.values() if "build" in each]
    assert len(built) > 5
    assert all(each["pull_policy"] == "build" for each in built)


def test_the_docs_name_the_docker_that_the_file_needs() -> None:
    """`start_interval` came with engine 25 (API 1.44); older ones refuse the file."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    docs = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (
        ("start_interval" in text) == ("Docker 25 or later" in docs) == ("(25 or later" in readme)
    )


def test_an_upgrade_brings_new_packages() -> None:
    """What the script sets is an argument of the build, used in the step that installs them."""
    script = (ROOT / "docker/upgrade.sh").read_text(encoding="utf-8")
    steps = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nRUN ")
    assert "export PACKAGES_OF" in script
    assert all(
        "PACKAGES_OF" in each["build"]["args"] for each in SERVICES.values() if "build" in each
    )
    assert [
        "$" + "{PACKAGES_OF" in step for step in steps if "chromium-headless-shell" in step
    ] == [True]
