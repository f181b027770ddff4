// A provider that others wrote, to compare with: one client, one resource, client credentials only.
// Prints its port on one line; ends when its standard input does.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const RESOURCE = "https://orders.example/api";
const SCOPES = "orders:read orders:write";

const issuer = "http://127.0.0.1";
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "by-basic",
      client_secret: "a-secret",
      grant_types: ["client_credentials"],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: "client_secret_basic",
      scope: SCOPES,
    },
    {
      client_id: "by-post",
      client_secret: "a-secret",
      grant_types: ["client_credentials"],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: "client_secret_post",
      scope: SCOPES,
    },
  ],
  scopes: SCOPES.split(" "),
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    revocation: { enabled: true, allowedPolicy: async () => true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => {
        if (resource !== RESOURCE) {
          throw new Error("no such resource");
        }
        return { scope: SCOPES, audience: RESOURCE, accessTokenFormat: "opaque", accessTokenTTL: 3600 };
      },
    },
  },
});
const server = createServer(provider.callback());
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
