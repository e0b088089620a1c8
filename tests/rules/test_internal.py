"""Which addresses are inside, in every spelling; pure, so nothing is asked."""

from __future__ import annotations

import pytest

from fleet.rules.internal import PublicOnly, inside, plain_host

INSIDE = (
    # this machine
    *("127.0.0.1", "127.255.255.254", "127.1", "127.0.1", "0.0.0.0", "0", "0.1.2.3"),
    *("2130706433", "0x7f000001", "0x7F.0.0.1", "017700000001", "0177.0.0.01", "0x7f.1"),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.LocalHost."),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]"),
    *("%31%32%37.0.0.1", "%6cocalhost", "１２７.0.0.1", "127。0。0。1", "ⓛocalhost"),
    # networks around it
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"),
    *("0xa000001", "167772161", "012.0.0.1", "192.168.1", "0300.0250.1.1", "[::ffff:10.0.0.1]"),
    *("100.64.0.1", "100.127.255.255", "[64:ff9b::10.0.0.1]", "[2002:a00:1::1]", "[2002:7f00:1::]"),
    *("[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[64:ff9b:1::808:808]", "[2001:db8::1]"),
    *("[2001:0:1:2:3:4:f5ff:fffe]", "[2001:4860::5efe:10.0.0.1]", "[2001:4860::200:5efe:a00:1]"),
    *("198.18.0.1", "192.0.0.1", "192.0.2.1", "198.51.100.7", "203.0.113.9", "240.0.0.1"),
    *("255.255.255.255", "4294967295"),
    # metadata of clouds
    *("169.254.169.254", "169.254.1.1", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376"),
    *("[fe80::1]", "[fe80::1%25eth0]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]"),
    *(
        "[64:ff9b::169.254.169.254]",
        "[fd00:ec2::254]",
        "metadata.google.internal",
        "100.100.100.200",
    ),
    # nobody in particular
    *("224.0.0.1", "239.255.255.250", "[ff02::1]", "[ff0e::1]"),
    # names of networks of their own
    *("mongo", "intranet", "router.lan", "nas.local", "printer.home.arpa", "x.corp", "db.internal"),
    *("a.b.internal.", "MONGODB", "fleet-web", "x.home", "x.intranet", "x.localdomain"),
)

OUTSIDE = (
    *("www.puy-de-dome.gouv.fr", "rdv-prefecture.interieur.gouv.fr", "localhost.gouv.fr"),
    *("internal.example.org", "10.example.org", "127.0.0.1.example.org", "local.fr", "lan.fr"),
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "172.15.0.1", "172.32.0.1"),
    *("192.167.0.1", "192.169.0.1", "100.63.0.1", "100.128.0.1", "169.253.0.1", "126.0.0.1"),
    *("[2606:4700::1111]", "[2a01:cb00::1]", "[::ffff:8.8.8.8]", "[64:ff9b::8.8.8.8]"),
    *("[2002:808:808::1]", "préfecture.example.org", "0x7f.example.org"),
)


@pytest.mark.parametrize("host", INSIDE)
def test_what_is_inside_is_refused_however_it_is_spelt(host: str) -> None:
    for url in (
        f"http://{host}/",
        f"https://{host}:8443/a?b#c",
        f"http://u:p@{host}",
        f"HTTP:\\\\{host}\\",
    ):
        assert PublicOnly().refuses(url), url


@pytest.mark.parametrize("host", OUTSIDE)
def test_what_may_be_public_is_not_refused_for_its_name(host: str) -> None:
    assert PublicOnly().refuses(f"https://{host}/") is None


@pytest.mark.parametrize("url", ["about:blank", "data:text/html,x", "blob:null/1", "", "http://["])
def test_what_names_no_host_is_not_refused(url: str) -> None:
    assert PublicOnly().refuses(url) is None


def test_what_the_operator_names_may_be_asked_and_nothing_beside_it() -> None:
    public = PublicOnly(frozenset({"site.localhost", "10.0.0.7"}))

    assert public.refuses("http://site.localhost:8001/a") is None
    assert public.refuses("http://SITE.localhost./a") is None
    assert public.refuses("http://10.0.0.7/") is None
    assert public.refuses_addresses("http://site.localhost/", ["127.0.0.1"]) is None
    assert public.refuses("http://a.site.localhost/")
    assert public.refuses("http://10.0.0.8/")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "[::1]", "fe80::1%eth0"])
def test_a_public_name_that_leads_inside_is_refused_by_the_address(address: str) -> None:
    url = "https://www.example.org/"

    assert PublicOnly().refuses(url) is None
    assert address in str(PublicOnly().refuses_addresses(url, ["1.1.1.1", address]))
    assert PublicOnly().refuses_addresses(url, ["1.1.1.1"]) is None


def test_through_a_proxy_an_address_tells_nothing_and_a_name_does() -> None:
    public = PublicOnly(direct=False)

    assert public.refuses_addresses("https://www.example.org/", ["10.0.0.1"]) is None
    assert public.refuses("http://169.254.169.254/latest/meta-data/")


def test_the_words_say_what_is_there() -> None:
    assert inside("127.0.0.1") == "this machine"
    assert "metadata" in str(inside("169.254.169.254"))
    assert "private network" in str(inside("10.0.0.1"))
    assert plain_host("http://１２７.0.0.1./") == "127.0.0.1"
