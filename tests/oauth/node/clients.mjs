// OAuth clients that others wrote, each through its whole round; says what it saw as one line of JSON.
// Reads on standard input: {issuer, client: [id, secret], verifier: [id, secret], keyed: id, key: jwk, resource}.
import { createRemoteJWKSet, importJWK, jwtVerify } from "jose";
import * as oauth4webapi from "oauth4webapi";
import * as openid from "openid-client";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const given = JSON.parse(Buffer.concat(chunks).toString());
const seen = {};

// openid-client: discovery, issue by Basic and by post, introspection, revocation.
for (const [name, auth] of [
  ["basic", openid.ClientSecretBasic],
  ["post", openid.ClientSecretPost],
]) {
  const speak = async ([id, secret]) =>
    openid.discovery(new URL(given.issuer), id, secret, auth(secret), {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    });
  const [client, verifier] = [await speak(given.client), await speak(given.verifier)];
  const token = await openid.clientCredentialsGrant(client, {
    scope: "orders:read",
    resource: given.resource,
  });
  const before = await openid.tokenIntrospection(verifier, token.access_token);
  await openid.tokenRevocation(client, token.access_token);
  const after = await openid.tokenIntrospection(verifier, token.access_token);
  let refused = "";
  try {
    await openid.clientCredentialsGrant(client, { scope: "orders:delete" });
  } catch (error) {
    refused = error.error;
  }
  seen[`openid-client ${name}`] = {
    scope: token.scope,
    before: before.active,
    after: after.active,
    refused,
  };
}

// oauth4webapi: an assertion signed by a registered key, and the token validated as RFC 9068 says.
const insecure = { [oauth4webapi.allowInsecureRequests]: true };
const found = await oauth4webapi.discoveryRequest(new URL(given.issuer), {
  algorithm: "oauth2",
  ...insecure,
});
const server = await oauth4webapi.processDiscoveryResponse(new URL(given.issuer), found);
const key = await importJWK(given.key, "ES256");
const client = { client_id: given.keyed };
const answer = await oauth4webapi.clientCredentialsGrantRequest(
  server,
  client,
  oauth4webapi.PrivateKeyJwt({ key, kid: given.key.kid }),
  new URLSearchParams({ scope: "orders:write" }),
  insecure,
);
const token = await oauth4webapi.processClientCredentialsResponse(server, client, answer);
const request = new Request(given.resource, {
  headers: { authorization: `Bearer ${token.access_token}` },
});
const claims = await oauth4webapi.validateJwtAccessToken(server, request, given.resource, insecure);
seen["oauth4webapi"] = { scope: token.scope, claimed: claims.scope, client_id: claims.client_id };

// jose: the published keys verify it, and another audience does not.
const keys = createRemoteJWKSet(new URL(server.jwks_uri));
const { protectedHeader } = await jwtVerify(token.access_token, keys, {
  issuer: given.issuer,
  audience: given.resource,
  typ: "at+jwt",
});
let other = "";
try {
  await jwtVerify(token.access_token, keys, { audience: "https://other.example" });
} catch (error) {
  other = error.code;
}
seen["jose"] = { alg: protectedHeader.alg, other };
console.log(JSON.stringify(seen));
