/** Opens microphone, camera and screen, and says why one cannot be had. */
import type { DeviceTrouble } from '../../ui/calls/stage.ts';

/** The devices of a person's choice, as far as there is one. */
export interface WantedDevices {
  readonly microphone?: string | undefined;
  readonly camera?: string | undefined;
}

/** One voice, cleaned by the browser. */
function voice(id: string | undefined): MediaTrackConstraints {
  return {
    channelCount: 1,
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...(id === undefined ? {} : { deviceId: { exact: id } }),
  };
}

function face(id: string | undefined): MediaTrackConstraints {
  return {
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30, max: 30 },
    ...(id === undefined ? { facingMode: 'user' } : { deviceId: { exact: id } }),
  };
}

/** Opens what `of` asks for with the wanted devices, or with others where one of them has gone. */
async function open(
  of: (wanted: WantedDevices) => MediaStreamConstraints,
  wanted: WantedDevices,
): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia(of(wanted));
  } catch (error) {
    const hasGone = error instanceof DOMException && error.name === 'OverconstrainedError';
    if (!hasGone) throw error;
    return await navigator.mediaDevices.getUserMedia(of({}));
  }
}

export async function openMicrophone(wanted: WantedDevices): Promise<MediaStreamTrack> {
  return only(await open(({ microphone }) => ({ audio: voice(microphone) }), wanted));
}

export async function openCamera(wanted: WantedDevices): Promise<MediaStreamTrack> {
  return only(await open(({ camera }) => ({ video: face(camera) }), wanted));
}

/** Both at once, so that the person is asked once. */
export async function openBoth(
  wanted: WantedDevices,
): Promise<{ readonly microphone: MediaStreamTrack; readonly camera: MediaStreamTrack }> {
  const stream = await open(
    ({ microphone, camera }) => ({ audio: voice(microphone), video: face(camera) }),
    wanted,
  );
  return {
    microphone: only(new MediaStream(stream.getAudioTracks())),
    camera: only(new MediaStream(stream.getVideoTracks())),
  };
}

/** What the person picks, with its sound where the browser gives it. */
export async function openScreen(): Promise<{
  readonly screen: MediaStreamTrack;
  readonly sound: MediaStreamTrack | undefined;
}> {
  const stream = await navigator.mediaDevices.getDisplayMedia({
    video: { frameRate: { ideal: 15, max: 30 } },
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  const screen = only(new MediaStream(stream.getVideoTracks()));
  // Letters are to be sharp before they are quick.
  screen.contentHint = 'detail';
  return { screen, sound: stream.getAudioTracks()[0] };
}

function only(stream: MediaStream): MediaStreamTrack {
  const [track] = stream.getTracks();
  if (track === undefined) throw new DOMException('no track', 'NotFoundError');
  return track;
}

const WHY: Readonly<Record<string, DeviceTrouble['why']>> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'absent',
  OverconstrainedError: 'absent',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

/** Why something could not be opened. */
export function whyNot(error: unknown): DeviceTrouble['why'] {
  return error instanceof DOMException ? (WHY[error.name] ?? 'failed') : 'failed';
}

/** Whether the person has closed the browser's picker: nothing is wrong then. The system's refusal has the same name. */
export function isChangeOfMind(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotAllowedError' && !/system/i.test(error.message);
}
