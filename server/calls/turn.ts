/**
 * Credentials for a TURN server that shares a secret with this one (draft-uberti-behave-turn-rest-00, `use-auth-secret` of coturn): it
 * checks them by itself, and they run out. The username says until when, and nothing else: it is random, so that nobody is told apart by it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { TurnServer } from '@tacet/protocol/frames/calls';
import { LIMITS } from '@tacet/protocol/limits';

const NONCE_BYTES = 9;

/** A TURN server and what it lets one call in with. */
export function buildTurnServer(urls: readonly string[], secret: string, nowMs: number): TurnServer {
  const lifetimeMs = LIMITS.turnCredentialAgeMs;
  const expiresAt = Math.floor((nowMs + lifetimeMs) / 1000);
  const username = `${expiresAt}:${randomBytes(NONCE_BYTES).toString('base64url')}`;
  // SHA-1 is what TURN servers take; as the core of an HMAC it stands.
  const credential = createHmac('sha1', secret).update(username).digest('base64');
  return { urls: [...urls], username, credential, lifetimeMs };
}
