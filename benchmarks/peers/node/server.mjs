// WebSockets with `ws`, events between processes with Redis Pub/Sub, as such stacks are commonly built: each
// process takes publishers and subscribers, subscribes at Redis to the groups that it has subscribers of, and
// sends what comes from there to these. A text frame on /pub/<group> goes to all who are on /sub/<group>.
//     node server.mjs <port, 0: a free one> <redis url>
import { createServer } from 'node:http';
import { createClient } from 'redis';
import { WebSocketServer } from 'ws';

const [port = '0', url = 'redis://127.0.0.1:6379'] = process.argv.slice(2);
const groups = new Map(); // of each group the sockets that receive

function fail(error) {
  console.error(error);
  process.exit(1);
}

async function connect() {
  const made = createClient({ url });
  made.on('error', fail);
  return made.connect();
}

const publisher = await connect();
const subscriber = await connect();

function deliver(text, group) {
  for (const socket of groups.get(group) ?? []) if (socket.readyState === socket.OPEN) socket.send(text);
}

function join(group, socket) {
  if (!groups.has(group)) {
    groups.set(group, new Set());
    subscriber.subscribe(group, deliver).catch(fail);
  }
  groups.get(group).add(socket);
}

function leave(group, socket) {
  const rest = groups.get(group);
  rest.delete(socket);
  if (rest.size > 0) return;
  groups.delete(group);
  subscriber.unsubscribe(group).catch(fail);
}

const http = createServer();
const sockets = new WebSocketServer({ server: http }); // without compression, which is its default

sockets.on('connection', (socket, request) => {
  const group = request.url.slice('/sub/'.length);
  socket.on('error', () => socket.terminate());
  if (request.url.startsWith('/sub/')) {
    join(group, socket);
    socket.on('close', () => leave(group, socket));
  } else if (request.url.startsWith('/pub/')) {
    socket.on('message', (data) => publisher.publish(group, data.toString()).catch(fail));
  } else {
    socket.close(1008, 'neither /sub/ nor /pub/');
  }
});

process.on('SIGTERM', () => process.exit(0));
http.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 },
            () => console.log(`ready ws://127.0.0.1:${http.address().port}`));
