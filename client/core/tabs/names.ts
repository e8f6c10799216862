/** Under which names tabs find each other. */

/** The channel to all tabs. */
export const TABS_CHANNEL = 'tacet-tabs';

/** The channel of one view. */
export function viewChannel(view: string): string {
  return `tacet-view-${view}`;
}

/** The name of a tab's line of life: it breaks with the tab's worker. */
export function lifelineOf(view: string): string {
  return `tacet-life-${view}`;
}
