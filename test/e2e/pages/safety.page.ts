/** The page of a safety number, as a person comes to it from a conversation. */
import { expect } from '@playwright/test';
import { en } from '../../../client/ui/text/en.ts';
import type { Person } from './person.page.ts';

/** A sentence with the name in its place. */
export function named(template: string, name: string): string {
  return template.replaceAll('{name}', name);
}

/** By the conversation's header and the contact's page. */
export async function openSafety(person: Person, name: string): Promise<void> {
  await person.open(name);
  await person.page.getByRole('heading', { level: 1 }).getByRole('link').click();
  await person.page.getByRole('link', { name: en.safety.compare }).last().click();
  await expect(person.page.getByRole('heading', { name: en.safety.title, level: 1 })).toBeVisible();
}

/** Marks somebody as verified by the button on his page, and goes back to the conversation. */
export async function markVerified(person: Person, name: string): Promise<void> {
  await openSafety(person, name);
  await person.button(en.safety.verify).click();
  await expect(person.button(en.safety.unverify)).toBeVisible();
  await person.page.goBack();
  await person.page.goBack();
  await expect(person.composer).toBeVisible();
}
