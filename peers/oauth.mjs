// An OAuth 2.0 authorization server by oidc-provider: tokens for a program
// (RFC 6749 section 4.4), revocation (RFC 7009), introspection (RFC 7662). It
// says where it listens on its first line.
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
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
