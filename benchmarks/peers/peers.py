"""The servers that are compared. Each `start_…` fills a Server; its files go into `place.folder`."""
import os
import shutil

from servers import Process, Server, StartError, control_command, free_port, node_command, start_ready

SERVER_MJS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "node", "server.mjs")
NCHAN_MODULES = ["/usr/lib/nginx/modules/ngx_nchan_module.so", "/usr/share/nginx/modules/ngx_nchan_module.so"]
APT = "apt-get install --no-install-recommends"

NGINX_CONF = """\
load_module {module};
{user}
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  nchan_message_buffer_length {buffer};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location ~ ^/sub/(.+)$ {{
      nchan_subscriber websocket;
      nchan_channel_id $1;
      nchan_subscriber_first_message newest;
    }}
    location ~ ^/pub/(.+)$ {{ nchan_publisher websocket; nchan_channel_id $1; }}
  }}
}}
"""

NATS_CONF = """\
host: 127.0.0.1
port: {client_port}
websocket {{ host: 127.0.0.1, port: {port}, no_tls: true }}
"""


class Place:
    """Where a server's files go and what it is started from. @param node_modules of ws and redis"""

    def __init__(self, build, folder, node_folder, log):
        self.build = build
        self.folder = folder
        self.node_folder = node_folder
        self.log = log

    def new_folder(self, name):
        path = os.path.join(self.folder, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as out:
            out.write(text)
        return os.path.join(self.folder, name)


# -- the servers

def start_control(server, place):
    start_ready(server, control_command(place.build), place.log)


def start_node(server, place):
    start_ready(server, node_command(place.build, place.new_folder("data")), place.log)


def start_nginx(server, place):
    folder, port = place.new_folder("nginx"), free_port()
    text = NGINX_CONF.format(module=nchan_module(), port=port, files=20000, connections=19900, buffer=1000,
                             user="user root;" if os.geteuid() == 0 else "")
    conf = place.write("nginx/nginx.conf", text)
    command = [shutil.which("nginx", path=paths()), "-p", folder, "-c", conf, "-e", "stderr"]
    start_on_port(server, command, port, place)


def start_nats(server, place):
    port = free_port()
    conf = place.write("nats.conf", NATS_CONF.format(client_port=free_port(), port=port))
    command = [shutil.which("nats-server", path=paths()), "-c", conf]
    start_on_port(server, command, port, place, {"GOMAXPROCS": "1"})


def start_ws_redis(server, place):
    port, script = free_port(), os.path.join(place.node_folder, "server.mjs")
    redis = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no",
             "--dir", place.new_folder("redis")]
    start_on_port(server, redis, port, place)
    shutil.copyfile(SERVER_MJS, script)  # so that it finds the packages
    server.urls = [server.add(Process(["node", script, "0", f"redis://127.0.0.1:{port}"], place.log))
                   .wait_for_line() for _ in range(2)]


def start_on_port(server, command, port, place, env=None):
    server.add(Process(command, place.log, env, says_ready=False)).wait_for_port(port)
    server.urls = [f"ws://127.0.0.1:{port}"]


# -- what they need

def paths():
    return os.environ.get("PATH", "") + ":/usr/sbin"  # where Debian puts servers


def nchan_module():
    return next((x for x in NCHAN_MODULES if os.path.exists(x)), None)


def missing_nginx(_):
    if not shutil.which("nginx", path=paths()) or not nchan_module():
        return f"nginx with nchan is not installed: {APT} nginx libnginx-mod-nchan"
    return ""


def missing_nats(_):
    return "" if shutil.which("nats-server", path=paths()) else f"not installed: {APT} nats-server"


def missing_ws_redis(place):
    for program in ("redis-server", "node"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if not os.path.isdir(os.path.join(place.node_folder, "node_modules", "ws")):
        return f"no packages in {place.node_folder}: see benchmarks/peers/README.md"
    return ""


class Peer:
    """A row of the tables. @param shares the peer whose running server this one uses too"""

    def __init__(self, dialect, start, missing=lambda place: "", options=(), shares=None):
        self.dialect = dialect
        self.start = start
        self.missing = missing
        self.options = options
        self.shares = shares

    def started(self, place):
        server = Server(self.dialect)
        try:
            self.start(server, place)
        except BaseException:
            server.stop()
            raise
        return server


PEERS = {
    "control": Peer("plain", start_control),
    "node": Peer("weir", start_node),
    "node ephemeral": Peer("weir", start_node, options=["--ephemeral"], shares="node"),
    "nginx nchan": Peer("nchan", start_nginx, missing_nginx),
    "ws + redis": Peer("plain", start_ws_redis, missing_ws_redis),
    "nats": Peer("nats", start_nats, missing_nats),
}


def available(place, names, require_all):
    """Those of `names` that are installed; says which are not."""
    out = []
    for name in names:
        lacks = PEERS[name].missing(place)
        if lacks and require_all:
            raise StartError(f"{name}: {lacks}")
        if lacks:
            print(f"skipped: {name}: {lacks}", flush=True)
        else:
            out.append(name)
    return out
