// A provider that others wrote, to compare with: a client for each way to authenticate, a resource of opaque
// tokens and one of JWTs, client credentials only. Its argument is the JWK set of the client that signs; it
// prints its port on one line; ends when its standard input does.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider, { errors } from "oidc-provider";

const RESOURCE = "https://orders.example/api";
const SIGNED = "https://orders.example/signed";
const SCOPES = "orders:read orders:write";

// Its own, by which it signs tokens; it demands the first of any provider.
const keyOf = (alg, type, options) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
  alg,
  use: "sig",
});

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
    {
      client_id: "by-assertion",
      jwks: JSON.parse(process.argv[2]),
      grant_types: ["client_credentials"],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: "private_key_jwt",
      scope: SCOPES,
    },
  ],
  jwks: {
    keys: [
      keyOf("RS256", "rsa", { modulusLength: 2048 }),
      keyOf("ES256", "ec", { namedCurve: "P-256" }),
    ],
  },
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
        if (resource !== RESOURCE && resource !== SIGNED) {
          throw new errors.InvalidTarget();
        }
        const accessTokenFormat = resource === SIGNED ? "jwt" : "opaque";
        return {
          scope: SCOPES,
          audience: resource,
          accessTokenFormat,
          accessTokenTTL: 3600,
          jwt: { sign: { alg: "ES256" } },
        };
      },
    },
  },
});
const server = createServer(provider.callback());
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
