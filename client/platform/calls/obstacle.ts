/** Whether this browser can hold a call whose every frame is encrypted by a worker. There is no other kind of call. */

/** `no-frame-encryption`: frames would leave as the browser encodes them. */
export type CallObstacle = 'insecure' | 'no-webrtc' | 'no-frame-encryption';

/** What is missing, if anything. */
export function readCallObstacle(): CallObstacle | undefined {
  if (!isSecureContext) return 'insecure';
  if (typeof RTCPeerConnection !== 'function' || !('mediaDevices' in navigator)) return 'no-webrtc';
  const has =
    typeof RTCRtpScriptTransform === 'function' &&
    'transform' in RTCRtpSender.prototype &&
    'transform' in RTCRtpReceiver.prototype;
  return has ? undefined : 'no-frame-encryption';
}
