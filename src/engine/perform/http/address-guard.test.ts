import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { Agent, request } from "undici";
import { afterEach, expect, test } from "vitest";
import { refusedClass } from "./address-class.ts";
import { type AddressGuardOptions, createAddressGuard } from "./address-guard.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

test.each([
  ["0.0.0.0", "unspecified"],
  ["0.1.2.3", "unspecified"],
  ["10.1.2.3", "private"],
  ["100.64.0.1", "carrierGradeNat"],
  ["100.127.255.254", "carrierGradeNat"],
  ["100.100.100.200", "metadata"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["168.63.129.16", "metadata"],
  ["169.254.0.1", "linkLocal"],
  ["169.254.169.254", "metadata"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.0.0.1", "reserved"],
  ["192.0.2.1", "reserved"],
  ["192.88.99.1", "reserved"],
  ["192.168.0.1", "private"],
  ["198.18.0.1", "reserved"],
  ["198.19.255.255", "reserved"],
  ["198.51.100.1", "reserved"],
  ["203.0.113.1", "reserved"],
  ["224.0.0.1", "multicast"],
  ["239.255.255.250", "multicast"],
  ["240.0.0.1", "reserved"],
  ["255.255.255.255", "broadcast"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["::127.0.0.1", "loopback"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:a00:1", "private"],
  ["::ffff:169.254.169.254", "metadata"],
  ["::ffff:0:127.0.0.1", "rfc6145"],
  ["64:ff9b::127.0.0.1", "loopback"],
  ["64:ff9b::a9fe:a9fe", "metadata"],
  ["64:ff9b:1::808:808", "rfc6052"],
  ["2002:7f00:1::", "6to4"],
  ["2002:808:808::1", "6to4"],
  ["2001:0:7f00:1::", "teredo"],
  ["2001:db8::1", "reserved"],
  ["2001:2::1", "benchmarking"],
  ["3fff::1", "reserved"],
  ["100::1", "discard"],
  ["fc00::1", "uniqueLocal"],
  ["fd00:ec2::254", "metadata"],
  ["fe80::1", "linkLocal"],
  ["fe80::1%eth0", "linkLocal"],
  ["fec0::1", "deprecatedSiteLocal"],
  ["ff02::1", "multicast"],
  ["4000::1", "reserved"],
  ["not an address", "unreadable"],
])("%s is refused as %s", (address, found) => {
  expect(refusedClass(address, [])).toBe(found);
});

test.each([
  "1.1.1.1",
  "8.8.8.8",
  "100.63.255.255",
  "100.128.0.1",
  "172.15.0.1",
  "172.32.0.1",
  "2606:4700::1111",
  "2a00:1450:4001::1",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
])("%s is an ordinary public address", (address) => {
  expect(refusedClass(address, [])).toBeNull();
});

test("an IPv4 address and its mapped form are judged alike", () => {
  fc.assert(fc.property(fc.ipV4(), (address) => refusedClass(address, []) === refusedClass(`::ffff:${address}`, [])));
});

test.each([
  ["http://127.0.0.1/"],
  ["http://2130706433/"],
  ["http://0x7f000001/"],
  ["http://0x7f.1/"],
  ["http://0177.0.0.1/"],
  ["http://127.1/"],
  ["http://0/"],
  ["http://１２７.0.0.1/"],
  ["http://127.0.0.1./"],
  ["http://[::1]/"],
  ["http://[::ffff:7f00:1]/"],
  ["http://[0:0:0:0:0:ffff:169.254.169.254]/latest"],
  ["https://169.254.169.254/latest/meta-data"],
  ["http://8.8.8.8:25/"],
  ["http://8.8.8.8:6667/"],
])("%s is blocked before any connection", (url) => {
  expect(createAddressGuard({ allow: [] }).checkUrl(new URL(url))).toMatchObject({ ok: false, reason: "blocked" });
});

test.each([
  "ftp://example.com/",
  "file:///etc/passwd",
  "gopher://example.com/",
  "data:text/plain,hi",
  "http://user@example.com/",
  "http://:word@example.com/",
])("%s is no URL for a call", (url) => {
  expect(createAddressGuard({ allow: [] }).checkUrl(new URL(url))).toMatchObject({
    ok: false,
    reason: "invalid_request",
  });
});

test.each(["https://example.com/", "http://example.com:8080/", "https://8.8.8.8/", "http://[2606:4700::1111]/"])(
  "%s may be called",
  (url) => {
    expect(createAddressGuard({ allow: [] }).checkUrl(new URL(url))).toEqual({ ok: true });
  },
);

test("what the operator allows may be called, also in its mapped form", () => {
  const guard = createAddressGuard({ allow: ["10.0.0.0/8", "::1"] });
  const urls = [
    "http://10.1.2.3/",
    "http://[::ffff:10.1.2.3]/",
    "http://[::1]/",
    "http://11.0.0.1/",
    "http://192.168.0.1/",
    "http://[::2]/",
  ];
  expect(urls.map((url) => guard.checkUrl(new URL(url)).ok)).toEqual([true, true, true, true, false, false]);
});

test.each(["10.0.0.0/33", "10.0.0.0/", "lan", ""])("refuses %j as a range", (range) => {
  expect(() => createAddressGuard({ allow: [range] })).toThrow("is not an address range");
});

test("a name is refused when any of its addresses is refused", async () => {
  const call = await caller({ allow: [], resolve: async () => [address("8.8.8.8"), address("127.0.0.1")] });
  await expect(call("http://shop.example")).rejects.toThrow("shop.example leads to a loopback address");
});

test("a name that resolves to nothing is not found", async () => {
  const call = await caller({ allow: [], resolve: async () => [] });
  await expect(call("http://shop.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
});

test("a literal address is refused while connecting, too", async () => {
  const call = await caller({ allow: [] });
  await expect(call("http://127.0.0.1")).rejects.toMatchObject({ code: "ADDRESS_BLOCKED" });
  await expect(call("http://[::1]")).rejects.toMatchObject({ code: "ADDRESS_BLOCKED" });
});

test("the name is resolved once for a connection, and the connection goes to what was checked", async () => {
  const answers = [address("127.0.0.1"), address("10.0.0.1")];
  const asked: string[] = [];
  const call = await caller({
    allow: ["127.0.0.0/8"],
    resolve: async (hostname) => {
      asked.push(hostname);
      return answers.splice(0, 1);
    },
  });
  expect([await call("http://rebinding.example"), await call("http://rebinding.example")]).toEqual([200, 200]);
  expect(asked).toEqual(["rebinding.example"]);
});

function address(text: string) {
  return { address: text, family: 4 };
}

async function caller(options: AddressGuardOptions) {
  const server = createServer((_, response) => response.end("ok"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const agent = new Agent({ connections: 1, connect: createAddressGuard(options).connect });
  cleanUps.push(
    () => agent.close(),
    () => server.close(),
  );
  const { port } = server.address() as AddressInfo;
  return async (origin: string) => {
    const answer = await request(`${origin}:${port}/`, { dispatcher: agent });
    await answer.body.dump();
    return answer.statusCode;
  };
}
