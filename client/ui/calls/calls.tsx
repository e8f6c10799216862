/** What there is of calls at the moment: one that is wanted, rings, goes on here or in another tab, or has just ended. */
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import type { CallView, ConversationId } from '../../core/door.ts';
import { inBackground, useDoor } from '../door-context.ts';
import { NotBegun, ObstacleDialog, ReadyDialog } from './before-call.tsx';
import { callSize, wantedCall, type WantedCall } from './call-wish.ts';
import { shownFor } from './call-words.ts';
import { FullCall } from './full-call.tsx';
import { Incoming } from './incoming.tsx';
import { ring } from './ring-sound.ts';
import { CallElsewhere, SmallCall, SmallIncoming } from './small-call.tsx';
import { useCallStage } from './stage.ts';
import { useAnnouncedCall } from './use-announced-call.ts';
import { useBeginning, type Beginning } from './use-beginning.ts';
import { usePerson } from './use-person.ts';
import { useTaking } from './use-taking.ts';

export function Calls(): VNode | null {
  const { commands, isElsewhere, state } = useDoor();
  const call = state.call.value;
  const wanted = wantedCall.value;
  const { beginning, start, cancel } = useBeginning();
  useAnnouncedCall(call);
  // Before anybody can put it aside.
  useLayoutEffect(() => {
    if (call?.phase.kind === 'ringing') callSize.value = 'full';
  }, [call?.id]);
  // The tab that has the account has its calls.
  const isHere = !isElsewhere.value;
  useSeenEnd(call, isHere);
  // An end that nobody has to see is on its way out.
  const isGoing = call?.phase.kind === 'over' && shownFor(call, call.phase) === 0;
  const isBeginning = wanted !== undefined && beginning.kind === 'starting';
  const isFull =
    isBeginning ||
    (isHere && call !== undefined && callSize.value === 'full' && call.phase.kind !== 'ringing' && !isGoing);
  const conversation = isBeginning ? wanted.conversation : call?.conversation;
  const hangUp = (): void => {
    if (isBeginning) cancel();
    else if (call !== undefined) inBackground(commands.hangUp(call.id));
  };
  return (
    <>
      {wanted !== undefined && (
        <BeforeCall wanted={wanted} beginning={beginning} start={start} cancel={cancel} />
      )}
      {isFull && conversation !== undefined && (
        <Full conversation={conversation} call={isHere ? call : undefined} hangUp={hangUp} />
      )}
      {!isFull && !isGoing && wanted === undefined && call !== undefined && (
        <Beside key={call.id} call={call} isHere={isHere} hangUp={hangUp} />
      )}
    </>
  );
}

/** An end that needs no answer goes by itself. */
function useSeenEnd(call: CallView | undefined, isHere: boolean): void {
  const { commands } = useDoor();
  const phase = call?.phase;
  const ms = isHere && call !== undefined && phase?.kind === 'over' ? shownFor(call, phase) : undefined;
  useEffect(() => {
    if (ms === undefined) return undefined;
    const see = (): void => inBackground(commands.seeCallEnd());
    if (ms === 0) {
      see();
      return undefined;
    }
    const timer = setTimeout(see, ms);
    return () => clearTimeout(timer);
  }, [call?.id, ms]);
}

function BeforeCall({
  wanted,
  beginning,
  start,
  cancel,
}: {
  readonly wanted: WantedCall;
  readonly beginning: Beginning;
  readonly start: () => void;
  readonly cancel: () => void;
}): VNode | null {
  const obstacle = useCallStage().obstacle.value;
  const { name } = usePerson(wanted.conversation);
  if (obstacle !== undefined) return <ObstacleDialog obstacle={obstacle} onClose={cancel} />;
  switch (beginning.kind) {
    case 'none':
    case 'starting':
      return null;
    case 'looking':
      return <ReadyDialog name={name} media={wanted.media} onStart={start} onClose={cancel} />;
    case 'deaf':
    case 'refused':
      return (
        <NotBegun
          name={name}
          failure={beginning.kind === 'refused' ? beginning.failure : undefined}
          onRetry={start}
          onClose={cancel}
        />
      );
  }
}

function Full({
  conversation,
  ...rest
}: {
  readonly conversation: ConversationId;
} & Omit<Parameters<typeof FullCall>[0], 'person'>): VNode {
  return <FullCall person={usePerson(conversation)} {...rest} />;
}

/** A call that does not fill the window: it rings, is small, or another tab holds it. */
function Beside({
  call,
  isHere,
  hangUp,
}: {
  readonly call: CallView;
  readonly isHere: boolean;
  readonly hangUp: () => void;
}): VNode | null {
  const person = usePerson(call.conversation);
  const taking = useTaking(call.id);
  const { phase } = call;
  const rings = phase.kind === 'ringing';
  useEffect(() => (rings ? ring() : undefined), [rings]);
  if (rings) {
    return callSize.value === 'full' ? (
      <Incoming call={call} person={person} taking={taking} />
    ) : (
      <SmallIncoming call={call} person={person} taking={taking} />
    );
  }
  if (!isHere) return phase.kind === 'over' ? null : <CallElsewhere person={person} hangUp={hangUp} />;
  return <SmallCall call={call} person={person} hangUp={hangUp} />;
}
