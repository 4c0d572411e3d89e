// A loyalty system to try the flow with: GET /customers/<id> answers {"tier": "gold" | "plain"}, for an id with "unknown" in it 404.
import { createServer } from "node:http";

createServer((request, response) => {
  const id = /^\/customers\/([\w.-]+)$/.exec(request.url)?.[1] ?? "unknown";
  const [status, body] = id.includes("unknown")
    ? [404, { error: "no such customer" }]
    : [200, { id, tier: id.includes("gold") ? "gold" : "plain" }];
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  console.log(`${request.method} ${request.url} ${status}`);
}).listen(4010, "127.0.0.1", () => console.log("The loyalty API answers at http://127.0.0.1:4010"));
