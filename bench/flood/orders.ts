/** What an abuser is told to do. */

/** What it floods with. */
export const ABUSES = [
  'sends',
  'large',
  'pings',
  'controls',
  'malformed',
  'own',
  'mail',
  'requests',
  'pages',
  'bodies',
  'sign-ins',
  'lookups',
  'profiles',
  'records',
  'connections',
  'hang-ups',
] as const;
export type Abuse = (typeof ABUSES)[number];

/** What it is started with. */
export interface Orders {
  readonly port: number;
  readonly kind: Abuse;
  /** How many at a time. */
  readonly connections: number;
  /** Of a signed-in device. */
  readonly token: string;
  /** Where the same account is written to, in hexadecimal. */
  readonly mailbox: Readonly<Record<'account' | 'device' | 'deliveryKey' | 'listHash', string>>;
}
