"""An Elasticsearch server of our own, one node in DATA/elasticsearch, on the loopback address only."""

import json
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from embedded.elasticsearch import distribution, java
from embedded.ports import LOOPBACK, require_free
from embedded.process import Process, Run, Stop

_NAME = "Elasticsearch"
_READY_SECONDS = 120.0
_PROBE_SECONDS = 5.0
_STOP = Stop(((signal.SIGTERM, 15.0),), signal.SIGKILL)

_SETTINGS = """\
cluster.name: anamnesis
node.name: anamnesis
network.host: {host}
http.port: {port}
transport.port: 0
discovery.type: single-node
path.data: "{folder}/data"
path.logs: "{folder}/logs"
cluster.routing.allocation.disk.threshold_enabled: false
"""
# Everything goes to the console, which is the part's log.
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%consoleException%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


def start(data: Path, port: int, run: Run, *, fast: bool) -> tuple[Process, str]:
    """Starts the node, fetching the server on first use, and returns it with its URL once it answers.

    `fast` compiles less thoroughly: the node is up sooner, and slower at its best. Raises EmbeddedError.
    """
    require_free(port, _NAME)
    runtime = java.find()
    server = distribution.home(run)
    launcher = distribution.launcher(runtime, server, run)
    folder = data / "elasticsearch"
    for name in ("conf", "tmp", "logs", "data"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = _SETTINGS.format(host=LOOPBACK, port=port, folder=folder)
    (folder / "conf" / "elasticsearch.yml").write_text(settings)
    (folder / "conf" / "log4j2.properties").write_text(_LOGGING)
    argv = [runtime.program, *_options(runtime, folder, fast=fast)]
    argv += ["-cp", str(launcher), "--module-path", str(server / "lib")]
    argv += ["--add-modules=jdk.net,jdk.management.agent,ALL-MODULE-PATH"]
    argv += ["Launch", str(server), str(folder / "conf")]
    node = Process(_NAME, argv, run, log="elasticsearch", stop=_STOP, cwd=folder)
    url = f"http://{LOOPBACK}:{port}"
    node.wait_ready(lambda: _ready(url, node.pid), _READY_SECONDS)
    return node, url


def _options(runtime: java.Java, folder: Path, *, fast: bool) -> list[str]:
    heap = ["-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Xshare:auto"]
    compiler = ["-XX:TieredStopAtLevel=1"] if fast else []
    # Java 23 dropped the locale data that older releases need for Elasticsearch's date formats.
    locales = "CLDR" if runtime.release >= 23 else "SPI,COMPAT"
    properties = {
        "java.io.tmpdir": folder / "tmp",
        "java.awt.headless": "true",
        "file.encoding": "UTF-8",
        "java.locale.providers": locales,
        "log4j.shutdownHookEnabled": "false",
        "log4j2.disable.jmx": "true",
        "log4j2.formatMsgNoLookups": "true",
        "es.distribution.type": "zip",
    }
    return [*heap, *compiler, *(f"-D{name}={value}" for name, value in properties.items())]


def _ready(url: str, pid: int) -> bool:
    """Whether our own process, and no other, answers at the URL and has its indexes at hand."""
    try:
        nodes = _get(f"{url}/_nodes/_local/process")["nodes"].values()
        health = _get(f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s")
    except (OSError, ValueError, KeyError):
        return False
    return [node["process"]["id"] for node in nodes] == [pid] and not health["timed_out"]


def _get(address: str) -> dict[str, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=_PROBE_SECONDS) as answer:
        document: dict[str, Any] = json.load(answer)
        return document
