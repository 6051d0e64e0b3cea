"""The proxies under test and the origin: rendered configurations, commands, ports."""

import os
from dataclasses import dataclass

from . import machine, web
from .process import Process

TEMPLATES = os.path.join(machine.ROOT, "Benchmarks", "peers")
ORIGIN, SINK = 17001, 17002
NAMES = ("weir", "haproxy", "nginx", "envoy")
PORTS = {"weir": 17080, "haproxy": 17081, "nginx": 17082, "envoy": 17083}
ADMIN_PORTS = {"weir": 17090, "envoy": 17093}
_FILES = {"weir": "weir.yaml", "haproxy": "haproxy.cfg", "nginx": "nginx.conf",
          "envoy": "envoy.yaml"}


def fill(template, target, words):
    """Writes a template with its @words@ filled in."""
    with open(os.path.join(TEMPLATES, template), encoding="utf-8") as file:
        text = file.read()
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)


def _access_log(name, log):
    """The words that turn a proxy's access log on, into a file."""
    if name == "haproxy":
        return {"access_log": "log stdout len 4096 format raw local0 info" if log else "",
                "access_log_use": "log global" if log else ""}
    if not log:
        return {"access_log": "access_log off;" if name == "nginx" else ""}
    return {"access_log": {
        "weir": f"telemetry: {{ access_log: {{ path: {log} }} }}",
        "nginx": f"access_log {log} combined buffer=64k flush=1s;",
        "envoy": "access_log: [{ name: envoy.access_loggers.file, typed_config: { \"@type\": "
                 "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, "
                 f"path: {log} }} }}]",
    }[name]}


def _tls(name, authority, asks_clients):
    """The words that let a proxy speak TLS to clients, and with `asks_clients` verify them."""
    if authority is None:
        return {"tls": "", "tls_more": ""}
    pair, trust = authority.pair, authority.trust if asks_clients else None
    if name == "haproxy":
        asked = f" ca-file {trust} verify required" if trust else ""
        return {"tls": f" ssl crt {authority.bundle} ssl-min-ver TLSv1.3 alpn http/1.1{asked}"}
    if name == "nginx":
        asked = f" ssl_client_certificate {trust}; ssl_verify_client on;" if trust else ""
        return {"tls": " ssl", "tls_more":
                f"ssl_certificate {pair[0]}; ssl_certificate_key {pair[1]}; "
                f"ssl_protocols TLSv1.3; ssl_session_cache none;{asked}"}
    if name == "weir":
        asked = f", trust: {trust}" if trust else ""
        return {"tls": f"tls: {{ certificate: {pair[0]}, key: {pair[1]}{asked} }}"}
    asked = (f", validation_context: {{ trusted_ca: {{ filename: {trust} }} }}" if trust else "")
    required = "require_client_certificate: true, " if trust else ""
    return {"tls": "transport_socket: { name: tls, typed_config: { \"@type\": "
            "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext, "
            f"{required}common_tls_context: {{ alpn_protocols: [http/1.1], tls_params: "
            "{ tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3 }, "
            f"tls_certificates: [{{ certificate_chain: {{ filename: {pair[0]} }}, "
            f"private_key: {{ filename: {pair[1]} }} }}]{asked} }} }} }}"}


def command(name, configuration, directory, binary=machine.WEIR, log_level="error"):
    """How a proxy is run in the foreground with one worker; `binary` is Weir's."""
    return {
        "weir": [binary, "run", "--config", configuration, "--log-level", log_level],
        "haproxy": [machine.HAPROXY, "-f", configuration, "-db"],
        "nginx": [machine.NGINX, "-c", configuration, "-p", directory,
                  "-e", os.path.join(directory, f"{name}.err")],
        "envoy": [machine.ENVOY, "-c", configuration, "--concurrency", "1",
                  "--disable-hot-restart", "--log-level", "error"],
    }[name]


@dataclass
class Proxy:
    """A proxy that runs, or did."""

    name: str
    process: Process
    port: int
    admin: int | None
    log: str | None
    ready_seconds: float = 0.0

    def stop(self):
        self.process.stop()


def start(name, directory, access_log=False, environment=None, configuration=None, prefix=(),
          binary=machine.WEIR, log_level="error", core=machine.PROXY_CORE, seconds=30.0,
          authority=None, asks_clients=False):
    """Starts a proxy on its core and waits until a request passes through it."""
    log = os.path.join(directory, f"{name}.access.log") if access_log else None
    if configuration is None:
        configuration = os.path.join(directory, _FILES[name])
        fill(_FILES[name], configuration, {
            "port": PORTS[name], "admin": ADMIN_PORTS.get(name), "origin": ORIGIN, "sink": SINK,
            "directory": directory, "descriptors": machine.descriptors(), **_access_log(name, log),
            **_tls(name, authority, asks_clients)})
    said = log if log and name == "haproxy" else os.path.join(directory, f"{name}.out")
    process = Process(name, [*prefix, *command(name, configuration, directory, binary, log_level)], core, said,
                      environment)
    proxy = Proxy(name, process, PORTS[name], ADMIN_PORTS.get(name), log)
    try:
        wrap = authority.wrap if authority else None
        at = web.wait_for_answer(proxy.port, "/", process, seconds, wrap=wrap)
    except BaseException:
        proxy.stop()
        raise
    proxy.ready_seconds = at - process.started
    return proxy


def start_origin(directory, ports=(ORIGIN,)):
    """nginx with one worker on the load's core."""
    os.makedirs(os.path.join(directory, "files"), exist_ok=True)
    configuration = os.path.join(directory, "origin.conf")
    fill("origin.conf", configuration, {
        "directory": directory, "listen": "\n".join(
            f"    listen 127.0.0.1:{port} backlog=1024;" for port in ports),
        "descriptors": machine.descriptors()})
    process = Process("origin", [machine.NGINX, "-c", configuration, "-p", directory,
                                 "-e", os.path.join(directory, "origin.err")],
                      machine.LOAD_CORE, os.path.join(directory, "origin.out"))
    try:
        web.wait_for_answer(ports[0], "/", process)
    except BaseException:
        process.stop()
        raise
    return process
