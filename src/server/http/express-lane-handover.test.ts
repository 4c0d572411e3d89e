import { once } from "node:events";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { connect } from "node:net";
import { beforeEach, expect, test } from "vitest";
import { holdBack, hot, laneOptions, listenWithLane, resetLane } from "../../testing/bare-lane.ts";
import { bytesOf, nextRead, openBothEnds } from "../../testing/raw-http.ts";

beforeEach(resetLane);

const listenWith = (ordinary: RequestListener) => listenWithLane(laneOptions, ordinary);

/** Lets the event loop go round: each time a connection can be read from once, and what it brought is dealt with. */
async function goRound(times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await new Promise((resolve) => setImmediate(resolve));
}

function stop(server: Server): void {
  server.close();
  server.closeAllConnections();
}

test("a body that nobody reads yet is not read from a connection that was left", async () => {
  let request: IncomingMessage | undefined;
  const { server, port } = await listenWith((given) => {
    request = given;
  });
  const client = connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
  const size = 5_000_000;
  client.write(`POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(60_000)}`);
  await once(server, "request");
  client.write(Buffer.alloc(size - 60_000));
  await goRound(500);
  expect(request?.readableLength).toBeLessThan(200_000);
  client.destroy();
  stop(server);
});

test("a client that asks much and reads late gets every answer on a connection that was left", async () => {
  const { server, port } = await listenWith((_request, response) => void response.end("x".repeat(100_000)));
  const client = connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
  const get = `GET /x HTTP/1.1\r\nHost: a\r\nX-Pad: ${"x".repeat(1000)}\r\n\r\n`;
  let received = 0;
  const all = new Promise<void>((resolve, reject) => {
    client.pause().on("data", (part) => {
      received += part.length;
      if (received > 200 * 100_000) resolve();
    });
    client.on("close", () => reject(new Error(`Closed after ${received} bytes.`)));
  });
  client.write(get.repeat(50));
  await goRound(100);
  client.write(get.repeat(150));
  await goRound(100);
  client.resume();
  await all;
  client.destroy();
  stop(server);
});

test.each([0, 1])(
  "a server that closes does not wait for clients that keep their side open, nor for what they sent behind (%i)",
  async (more) => {
    let ordinary = 0;
    const { server, port } = await listenWith((_request, response) => {
      ordinary += 1;
      response.end();
    });
    const { taken, release } = holdBack();
    const accepted = once(server, "connection");
    const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
      .resume()
      .on("error", () => undefined);
    client.write(bytesOf(hot()));
    const [far] = await accepted;
    await taken;
    if (more) {
      const read = nextRead(far);
      client.write(bytesOf(hot()));
      await read;
    }
    const closed = once(server, "close");
    server.close();
    release();
    await closed;
    expect(ordinary).toBe(0);
    client.destroy();
  },
);

test("a server that closes all connections closes those on the lane", async () => {
  const { server, port } = await listenWith(() => undefined);
  const connection = await openBothEnds(server, port);
  const closed = once(connection.far, "close");
  server.closeAllConnections();
  await closed;
  connection.socket.destroy();
  stop(server);
});
