import type { AddressInfo, Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";
import { selfSigned } from "./self-signed.ts";

export type ReceivedMail = {
  from: string;
  to: string[];
  raw: Buffer;
  connection: string;
  isSecure: boolean;
  user: string | null;
};

/** An answer other than yes: a reply such as `550 5.1.1 no such user`, or the end of the connection. */
export type Refusal = { code: number; text: string } | "drop" | null;

export type SmtpSinkOptions = {
  onConnect?: () => Refusal;
  onMail?: (from: string) => Refusal;
  onRcpt?: (to: string) => Refusal;
  /** Asked when the whole mail is there, before the final reply. */
  onData?: (mail: ReceivedMail) => Refusal;
  auth?: { user: string; password: string; methods?: ("PLAIN" | "LOGIN")[] };
  tls?: "none" | "starttls" | "implicit";
  options?: SMTPServerOptions;
};

export type SmtpSink = {
  port: number;
  url: string;
  messages: ReceivedMail[];
  connectionCount(): number;
  /** Resolves with all mails once there are `count` of them. */
  waitFor(count: number): Promise<ReceivedMail[]>;
  close(): Promise<void>;
};

type State = {
  messages: ReceivedMail[];
  waiting: { count: number; resolve(mails: ReceivedMail[]): void }[];
  connections: number;
  server: SMTPServer;
};
type Done = (error?: Error | null) => void;

/** A real SMTP server on a free loopback port, for tests. Its certificate is self-signed; plain AUTH is allowed. */
export async function startSmtpSink(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
  const state: Omit<State, "server"> & { server?: SMTPServer } = { messages: [], waiting: [], connections: 0 };
  const server = new SMTPServer(serverOptions(options, () => state as State));
  state.server = server;
  // Clients under test break connections on purpose.
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    url: `${options.tls === "implicit" ? "smtps" : "smtp"}://127.0.0.1:${port}`,
    messages: state.messages,
    connectionCount: () => state.connections,
    waitFor: (count) => waitFor(state as State, count),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function serverOptions(options: SmtpSinkOptions, state: () => State): SMTPServerOptions {
  return {
    secure: options.tls === "implicit",
    hideSTARTTLS: options.tls === undefined || options.tls === "none",
    authOptional: options.auth === undefined,
    authMethods: options.auth?.methods ?? ["PLAIN", "LOGIN"],
    ...(options.auth === undefined ? { disabledCommands: ["AUTH"] } : {}),
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 200,
    ...selfSigned,
    onConnect(session, callback) {
      state().connections += 1;
      answer(options.onConnect?.() ?? null, { session, state: state(), callback });
    },
    onAuth({ username, password }, _session, callback) {
      const isRight = username === options.auth?.user && password === options.auth?.password;
      if (isRight) callback(null, { user: username });
      else callback(smtpError({ code: 535, text: "5.7.8 wrong user name or password" }));
    },
    onMailFrom: ({ address }, session, callback) =>
      answer(options.onMail?.(address) ?? null, { session, state: state(), callback }),
    onRcptTo: ({ address }, session, callback) =>
      answer(options.onRcpt?.(address) ?? null, { session, state: state(), callback }),
    onData: (stream, session, callback) =>
      void collect(stream, session).then((mail) => settle(options, { mail, session, state: state(), callback })),
    ...options.options,
  };
}

type Ask = { session: SMTPServerSession; state: State; callback: Done };

function answer(refusal: Refusal, { session, state, callback }: Ask): void {
  if (refusal !== "drop") {
    callback(refusal === null ? null : smtpError(refusal));
    return;
  }
  for (const connection of state.server.connections as Set<{ id: string; _socket: Socket }>) {
    if (connection.id === session.id) connection._socket.destroy();
  }
}

async function collect(stream: AsyncIterable<Buffer>, session: SMTPServerSession): Promise<ReceivedMail> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const { mailFrom, rcptTo } = session.envelope;
  return {
    from: mailFrom === false ? "" : mailFrom.address,
    to: rcptTo.map(({ address }) => address),
    raw: Buffer.concat(chunks),
    connection: session.id,
    isSecure: session.secure,
    user: typeof session.user === "string" ? session.user : null,
  };
}

function settle(options: SmtpSinkOptions, { mail, ...ask }: Ask & { mail: ReceivedMail }): void {
  const refusal = options.onData?.(mail) ?? null;
  if (refusal === null) keep(ask.state, mail);
  answer(refusal, ask);
}

function keep(state: State, mail: ReceivedMail): void {
  state.messages.push(mail);
  const ready = state.waiting.filter(({ count }) => state.messages.length >= count);
  state.waiting = state.waiting.filter((waiter) => !ready.includes(waiter));
  for (const { resolve } of ready) resolve(state.messages);
}

function waitFor(state: State, count: number): Promise<ReceivedMail[]> {
  if (state.messages.length >= count) return Promise.resolve(state.messages);
  return new Promise((resolve) => state.waiting.push({ count, resolve }));
}

function smtpError({ code, text }: { code: number; text: string }): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
