import { connect as connectTcp, isIP, type Socket } from "node:net";
import { hostname } from "node:os";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { SmtpSettings } from "../settings.ts";
import { authenticate } from "./authenticate.ts";
import { ask, type Capabilities, isLoopback, type Opening } from "./conversation.ts";
import { SmtpFailure } from "./failure.ts";
import { noteFact, noteReply } from "./transcript.ts";
import { networkFailure, Wire } from "./wire.ts";

/** A connection that is ready for mail. `opening` is how it came about, without secrets. */
export type SmtpConnection = { wire: Wire; capabilities: Capabilities; opening: string[]; delivered: number };

/** Connects, greets, secures and signs in. Rejects with an SmtpFailure that holds the transcript. */
export async function openConnection(settings: SmtpSettings): Promise<SmtpConnection> {
  const transcript: string[] = [];
  const opened: { wire?: Wire } = {};
  try {
    const wire = new Wire(await connect(settings, transcript), settings.host);
    opened.wire = wire;
    const capabilities = await introduce({ wire, settings, transcript });
    return { wire, capabilities, opening: transcript, delivered: 0 };
  } catch (error) {
    if (!(error instanceof SmtpFailure)) throw error;
    opened.wire?.fail(error);
    noteFact(transcript, error.message);
    error.transcript = transcript;
    throw error;
  }
}

async function introduce(opening: Opening): Promise<Capabilities> {
  const { wire, settings, transcript } = opening;
  const greeting = await wire.read(settings.timeouts.commandMs, "the connection");
  noteReply(transcript, greeting);
  if (greeting.code !== 220)
    throw new SmtpFailure("connection", `${settings.host} does not take mail now: ${greeting.code} ${greeting.text}`, {
      reply: greeting,
    });
  const plain = await greet(opening);
  const isSecured = await secure(opening, plain);
  const capabilities = isSecured ? await greet(opening) : plain;
  await authenticate(opening, { capabilities, isEncrypted: isSecured || settings.secure === "tls" });
  return capabilities;
}

async function greet(opening: Opening): Promise<Capabilities> {
  const name = opening.settings.clientName ?? machineName();
  const extended = await ask(opening, `EHLO ${name}`);
  if (extended.code === 250) return new Map(extended.lines.slice(1).map(capability));
  // Servers from before 1995, and some that are told to look like them.
  const simple = extended.code >= 500 ? await ask(opening, `HELO ${name}`) : extended;
  if (simple.code === 250) return new Map();
  throw new SmtpFailure("connection", `${opening.settings.host} refused our greeting: ${simple.code} ${simple.text}`, {
    reply: simple,
  });
}

function capability(line: string): [string, string] {
  const [keyword = "", parameters = ""] = line.split(/[ =](.*)/s);
  return [keyword.toUpperCase(), parameters.toUpperCase()];
}

async function secure(opening: Opening, capabilities: Capabilities): Promise<boolean> {
  const { wire, settings } = opening;
  if (settings.secure === "none" || settings.secure === "tls") return false;
  if (!capabilities.has("STARTTLS")) {
    if (settings.secure === "opportunistic") return false;
    throw new SmtpFailure("tls", `${settings.host} offers no STARTTLS, and the settings demand it.`);
  }
  const reply = await ask(opening, "STARTTLS");
  if (reply.code !== 220)
    throw new SmtpFailure("tls", `${settings.host} refused STARTTLS: ${reply.code} ${reply.text}`, { reply });
  // Plain text behind the reply could be an attacker's answer to what we ask under TLS (CVE-2011-0411).
  if (wire.hasUnread) throw new SmtpFailure("tls", `${settings.host} sent plain text after STARTTLS.`);
  wire.attach(await encrypt(settings, wire.detach()));
  noteFact(opening.transcript, "TLS started");
  return true;
}

async function connect(settings: SmtpSettings, transcript: string[]): Promise<Socket> {
  const { host, port } = settings;
  noteFact(transcript, `connecting to ${host}:${port}`);
  const socket = connectTcp({ host, port, noDelay: true, keepAlive: true });
  await ready(socket, "connect", settings);
  if (settings.secure !== "tls") return socket;
  const encrypted = await encrypt(settings, socket);
  noteFact(transcript, "TLS started");
  return encrypted;
}

async function encrypt(settings: SmtpSettings, socket: Socket): Promise<TLSSocket> {
  // Without a password, an unknown certificate is no worse than the plain text that "opportunistic" would also take.
  const trustsAny = settings.secure === "opportunistic" && (settings.user === undefined || isLoopback(settings.host));
  const name = isIP(settings.host) === 0 ? { servername: settings.host } : {};
  const encrypted = connectTls({
    socket,
    rejectUnauthorized: settings.verifyCertificate && !trustsAny,
    host: settings.host,
    ...name,
  });
  socket.on("error", (error) => encrypted.destroy(error));
  await ready(encrypted, "secureConnect", settings);
  return encrypted;
}

/** Resolves at `event`; rejects, with the socket destroyed, on an error or when the time for connecting is over. */
function ready(socket: Socket, event: "connect" | "secureConnect", { host, timeouts }: SmtpSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (failure: SmtpFailure) => {
      clearTimeout(timer);
      socket.destroy();
      reject(failure);
    };
    const late = `${host} did not ${event === "connect" ? "take the connection" : "finish the TLS handshake"} within ${timeouts.connectMs / 1000} s.`;
    const timer = setTimeout(() => refuse(new SmtpFailure("timeout", late)), timeouts.connectMs);
    const onError = (error: NodeJS.ErrnoException) =>
      refuse(event === "connect" ? networkFailure(error, host) : tlsFailure(error, host));
    socket.once("error", onError);
    socket.once("close", () =>
      refuse(new SmtpFailure(event === "connect" ? "connection" : "tls", `${host} closed the connection.`)),
    );
    socket.once(event, () => {
      clearTimeout(timer);
      socket.removeAllListeners("error").removeAllListeners("close");
      resolve();
    });
  });
}

function tlsFailure(error: NodeJS.ErrnoException, host: string): SmtpFailure {
  return new SmtpFailure("tls", `TLS with ${host} failed: ${error.message || error.code}.`, { cause: error });
}

function machineName(): string {
  const name = hostname();
  // A bare name is no valid EHLO argument (RFC 5321, section 4.1.1.1); an address literal always is.
  return /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(name) ? name : "[127.0.0.1]";
}
