// A client of the official TypeScript SDK, told nothing but the URL of the server: it calls a tool, and then one that
// needs more scope. Whoever is asked to log in consents at once.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const server = new URL(process.argv[2]);
let registration, tokens, verifier, code;
const provider = {
  redirectUrl: 'http://127.0.0.1/callback',
  clientMetadata: {
    client_name: 'e2e', redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code'], response_types: ['code'], token_endpoint_auth_method: 'none',
  },
  clientInformation: () => registration,
  saveClientInformation: (value) => { registration = value; },
  tokens: () => tokens,
  saveTokens: (value) => { tokens = value; },
  codeVerifier: () => verifier,
  saveCodeVerifier: (value) => { verifier = value; },
  redirectToAuthorization: async (url) => { // as a browser would, up to the callback
    const answer = await fetch(url, { redirect: 'manual' });
    code = new URL(answer.headers.get('location')).searchParams.get('code');
  },
};

// authorized repeats what was refused once, with a new token and, if it failed to connect, a new transport.
let transport;
async function authorized(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(code);
    return await attempt();
  }
}

const client = new Client({ name: 'e2e', version: '1.0.0' });
await authorized(() => {
  transport = new StreamableHTTPClientTransport(server, { authProvider: provider });
  return client.connect(transport);
});
for (const call of [{ name: 'whoami' }, { name: 'add_note', arguments: { text: 'milk' } }, { name: 'whoami' }]) {
  const result = await authorized(() => client.callTool(call));
  console.log(result.content[0].text);
}
await transport.terminateSession();
await client.close();
