// An OAuth 2.0 authorization server by oidc-provider: tokens for a program
// (RFC 6749 section 4.4), revocation (RFC 7009), introspection (RFC 7662), and at
// /me what they let in at. Tokens live for a month: what is shown with them may be
// looked at for long. It says where it listens on its first line.
//   node oauth.mjs CLIENT SECRET
import Provider from "oidc-provider";
import { createServer } from "node:http";

const [client, secret] = process.argv.slice(2);
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: client, client_secret: secret, grant_types: ["client_credentials"], response_types: [], redirect_uris: [],
    }],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      revocation: { enabled: true },
    },
    ttl: { ClientCredentials: 30 * 24 * 3600 },
  });
  const rest = provider.callback();
  server.on("request", async (request, response) => {
    if (request.url !== "/me") return rest(request, response);
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    const known = scheme === "Bearer" && token ? await provider.ClientCredentials.find(token) : undefined;
    response.writeHead(known ? 200 : 401, { "Content-Type": "application/json" }).end(JSON.stringify({ known: Boolean(known) }));
  });
  console.log(issuer);
});
