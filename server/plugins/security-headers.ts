/**
 * Headers of every response, refusals included. The page may run only this server's own scripts and WebAssembly, talk only to this
 * server, be framed by nobody, and make script URLs through one Trusted Types policy.
 */
import type { FastifyInstance } from 'fastify';
import type { Origins } from '../config/origins.ts';

/** Browser features that the page may use; all others are switched off. */
const OWN_FEATURES = [
  'autoplay',
  'camera',
  'clipboard-write',
  'display-capture',
  'fullscreen',
  'microphone',
  'picture-in-picture',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'screen-wake-lock',
  'speaker-selection',
  'web-share',
];
const NO_FEATURES = [
  'accelerometer',
  'bluetooth',
  'browsing-topics',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'midi',
  'payment',
  'serial',
  'usb',
  'xr-spatial-tracking',
];

/** What is neither a document nor a worker. */
const DATA = /^(?:application\/(?:json|cbor|wasm)|text\/css)\b/;
/** Their policy: shorter, and should a browser ever show one as a page, it may do nothing at all. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** A year, in seconds. */
const HSTS_AGE_S = 31_536_000;

/** The content security policy for these origins. */
export function contentSecurityPolicy(origins: Origins): string {
  // Browsers before CSP level 3 do not count a WebSocket to the own host as 'self'.
  const sockets = origins.all.map((origin) => origin.replace(/^http/, 'ws'));
  const directives = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    `connect-src 'self' ${sockets.join(' ')}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types tacet',
  ];
  return directives.join('; ');
}

/** All security headers for these origins. */
export function securityHeaders(origins: Origins): Readonly<Record<string, string>> {
  const features = [
    ...OWN_FEATURES.map((feature) => `${feature}=(self)`),
    ...NO_FEATURES.map((feature) => `${feature}=()`),
  ];
  return {
    'content-security-policy': contentSecurityPolicy(origins),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': features.join(', '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex, nofollow',
    ...(origins.secure ? { 'strict-transport-security': `max-age=${String(HSTS_AGE_S)}` } : {}),
  };
}

/** Sets them before anything else of a request happens. */
export function addSecurityHeaders(app: FastifyInstance, origins: Origins): void {
  let headers: Readonly<Record<string, string>> | undefined;
  app.addHook('onRequest', (_request, reply, done) => {
    headers ??= securityHeaders(origins);
    reply.headers(headers);
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    const type = String(reply.getHeader('content-type') ?? '');
    // It means something to documents alone, and is half a kilobyte.
    if (!type.startsWith('text/html')) reply.removeHeader('permissions-policy');
    if (DATA.test(type)) reply.header('content-security-policy', DATA_POLICY);
    done();
  });
}
