#!/usr/bin/env node
// An agent of Weir in JavaScript: answers each call word by word, in capitals. Needs nothing but Node 18.
//
//   external_agent.mjs [HOST] [PORT] [NAMESPACE] [AGENT]
//
// The node's configuration names it: {"agents":{"shouter":{"kind":"external"}}}. Run as many as you like: each
// call goes to one of them, and to another one if that goes away before it has acknowledged it.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

// What of RFC 6455 a client of Weir needs: text frames, ping and pong, close.
class WebSocket {
  #bytes = Buffer.alloc(0);
  #text = [];
  #greeted = false;

  constructor(host, port, path, protocol, onOpen, onFrame, onEnd) {
    this.onOpen = onOpen;
    this.onFrame = onFrame;
    this.socket = connect({ host, port, noDelay: true });
    const key = randomBytes(16).toString('base64');
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`);
    this.socket.on('data', (more) => this.#read(more));
    this.socket.on('error', (error) => console.error(error.message));
    this.socket.on('close', onEnd);
  }

  #read(more) {
    this.#bytes = Buffer.concat([this.#bytes, more]);
    if (!this.#greeted) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!this.#bytes.subarray(0, end).toString().startsWith('HTTP/1.1 101')) return this.socket.destroy();
      this.#greeted = true;
      this.#bytes = this.#bytes.subarray(end + 4);
      this.onOpen();
    }
    while (this.#frame());
  }

  // Takes one frame off what has come, if it is there in full.
  #frame() {
    const all = this.#bytes;
    if (all.length < 2) return false;
    const short = all[1] & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (all.length < head) return false;
    const size = short < 126 ? short : short === 126 ? all.readUInt16BE(2) : Number(all.readBigUInt64BE(2));
    if (all.length < head + size) return false;
    const payload = all.subarray(head, head + size);
    this.#bytes = all.subarray(head + size);
    const opcode = all[0] & 0x0f;
    if (opcode === 8) this.socket.end();
    else if (opcode === 9) this.#write(10, payload);
    else if (opcode !== 10) {
      this.#text.push(payload);
      if (all[0] & 0x80) this.onFrame(JSON.parse(Buffer.concat(this.#text.splice(0)).toString()));
    }
    return true;
  }

  #write(opcode, payload) {
    const size = payload.length;
    const head = Buffer.alloc(size < 126 ? 2 : size < 65536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (size < 126 ? size : size < 65536 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(size, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(size), 2);
    const mask = randomBytes(4);
    this.socket.write(Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3])]));
  }

  send(frame) {
    this.#write(1, Buffer.from(JSON.stringify(frame)));
  }
}

class Worker {
  #cancelled = new Set(); // runs that are to stop
  #asked = new Map(); // run_id → who waits for `ok` or `error`

  constructor(agent, answer) {
    this.agent = agent;
    this.answer = answer;
  }

  // Resolves when the connection has ended.
  run(host, port, namespace) {
    return new Promise((ended) => {
      this.socket = new WebSocket(host, port, '/v1/ws', 'weir.v1', () => this.#begin(namespace),
        (frame) => this.#onFrame(frame), ended);
    });
  }

  #begin(namespace) {
    const { agent, socket } = this;
    socket.send({ op: 'hello', namespace, client_id: `${agent}-${process.pid}` });
    socket.send({ op: 'subscribe', id: 'calls', pattern: `sys.call.${agent}`, queue: agent, ack: true });
    socket.send({ op: 'subscribe', id: 'cancelled', pattern: 'sys.run.cancelled' });
  }

  #onFrame(frame) {
    if (frame.op === 'event' && frame.type === 'sys.run.cancelled') this.#cancelled.add(frame.data.run_id);
    else if (frame.op === 'event') this.#work(frame.event_id, frame.data);
    else if (frame.run_id) this.#asked.get(frame.run_id)?.(frame);
    else if (frame.op === 'ok' && frame.id === 'calls') console.log('ready');
  }

  // Sends a frame about a run until the node takes it; false: the run is not ours any more.
  async #ask(frame) {
    for (;;) {
      const got = await new Promise((answered) => {
        this.#asked.set(frame.run_id, answered);
        this.socket.send(frame);
      });
      if (got.op === 'ok') return true;
      if (!got.retry_after_ms) return false;
      await sleep(got.retry_after_ms);
    }
  }

  async #work(run_id, data) {
    let text = '';
    let at = 0; // in code points: if another worker has begun this call before, its text is not said twice
    try {
      for await (const piece of this.answer(data.input)) {
        if (this.#cancelled.has(run_id) || !(await this.#ask({ op: 'delta', run_id, at, text: piece }))) return;
        text += piece;
        at += [...piece].length;
      }
      await this.#ask({ op: 'result', run_id, output: { text } });
    } catch (error) {
      await this.#ask({ op: 'result', run_id, error: { message: String(error) } });
    } finally {
      this.socket.send({ op: 'ack', event_id: run_id });
      this.#asked.delete(run_id);
      this.#cancelled.delete(run_id);
    }
  }
}

// Replace this: takes a call's input, gives the answer in pieces.
async function* shout(call) {
  const text = typeof call === 'string' ? call : call.text;
  for (const word of text.toUpperCase().split(' ')) {
    yield `${word} `;
    await sleep(10);
  }
}

const [host = '127.0.0.1', port = '8080', namespace = 'demo', agent = 'shouter'] = process.argv.slice(2);
for (;;) {
  await new Worker(agent, shout).run(host, Number(port), namespace);
  await sleep(1000);
}
