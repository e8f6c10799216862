/** Settings of servers in tests. */

/** Takes no port besides its own, starts no worker. */
export const WITHOUT_CALLS = { TACET_STUN_PORT: 'off', TACET_SFU_WORKERS: '0' } as const;

/** Everything for calls at free ports of this machine, with one worker. It is obtained where it is missing: files that use this await it. */
export const WITH_CALLS = {
  TACET_STUN_PORT: '0',
  TACET_SFU_WORKERS: '1',
  TACET_SFU_PORT: '0',
  TACET_SFU_LISTEN: '127.0.0.1',
} as const;
