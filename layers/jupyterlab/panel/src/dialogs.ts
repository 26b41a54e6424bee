// SPDX-License-Identifier: Apache-2.0
// What the panel shows on top of the page. Text from outside is only ever put in as text.
import { Clipboard, Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import { element } from './element';
import { Changed, Information, change, information, loaded } from './server';

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];

function bytes(size: number): string {
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${at === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${units[at]}`;
}

function row(title: string, ...content: (string | Node)[]): HTMLElement {
  return element('tr', {}, element('th', {}, title), element('td', {}, ...content));
}

function tags(names: string[]): HTMLElement {
  return element('div', { class: 'cairn-Tags' }, ...names.map(name => element('span', { class: 'cairn-Tag' }, name)));
}

function table(of: Information): HTMLElement {
  const rows: HTMLElement[] = [];
  if (of.url && /^https?:/.test(of.url)) {
    rows.push(row('Homepage', element('a', { href: of.url, target: '_blank', rel: 'noopener noreferrer' }, of.url)));
  }
  rows.push(row('Needs', of.needs.length > 0 ? tags(of.needs) : 'no other module'));
  if (of.extensions && of.extensions.length > 0) {
    rows.push(row('Contains', tags(of.extensions)));
  }
  const needs = [of.requires?.cpu && `processor ${of.requires.cpu}`, of.requires?.gpu && `accelerator ${of.requires.gpu}`].filter(Boolean);
  if (needs.length > 0) {
    rows.push(row('Hardware', needs.join(', ')));
  }
  if (of.size !== undefined) {
    rows.push(row('Size', `${bytes(of.size)} in ${of.files ?? 0} files, without what it needs`));
  }
  return element('table', { class: 'cairn-Table' }, ...rows);
}

/** Show what is known of a module; true if the user changed what is loaded. */
export async function showInformation(name: string, apply: (command: 'load' | 'unload', name: string) => Promise<void>): Promise<void> {
  const of = await information(name);
  const body = element(
    'div',
    { class: 'cairn-Information' },
    element('p', { class: 'cairn-Description' }, of.description || 'No description.'),
    table(of),
    element('details', {}, element('summary', {}, 'Modulefile'), element('pre', {}, of.modulefile))
  );
  const action = Dialog.createButton({ label: of.loaded ? 'Unload' : 'Load', actions: ['change'] });
  const result = await showDialog({
    title: of.name,
    body: new Widget({ node: body }),
    buttons: [Dialog.cancelButton({ label: 'Close' }), action],
    defaultButton: 0
  });
  if (result.button.actions.includes('change')) {
    await apply(of.loaded ? 'unload' : 'load', of.name);
  }
}

/** Show code that loads in Python what is loaded now. */
export async function showPython(): Promise<void> {
  const { python, modules } = await loaded();
  const body = element(
    'div',
    { class: 'cairn-Information' },
    element('p', {}, modules.length > 0 ? 'Loads the same modules in a notebook, running or new, or in a script:' : 'Nothing is loaded. This unloads everything:'),
    element('pre', { class: 'cairn-Code', id: 'cairn-python' }, python)
  );
  const copy = Dialog.okButton({ label: 'Copy', actions: ['copy'] });
  const result = await showDialog({ title: 'Python code', body: new Widget({ node: body }), buttons: [Dialog.cancelButton({ label: 'Close' }), copy] });
  if (result.button.actions.includes('copy')) {
    Clipboard.copyToSystem(python);
  }
}

/** Load, unload or reset on the server, and tell what Lmod had to say. */
export async function apply(command: 'load' | 'unload' | 'reset', modules: string[] = []): Promise<Changed | undefined> {
  try {
    const result = await change(command, modules);
    if (result.message) {
      const body = element('pre', { class: 'cairn-Code' }, result.message);
      await showDialog({ title: 'Lmod', body: new Widget({ node: body }), buttons: [Dialog.okButton()] });
    }
    return result;
  } catch (error) {
    Notification.error(`Modules: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Unload everything, if the user means it. */
export async function reset(): Promise<boolean> {
  const result = await showDialog({
    title: 'Unload all modules?',
    body: 'What is loaded is unloaded; saved collections stay. Running kernels and terminals keep what they have.',
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Unload all' })]
  });
  return result.button.accept && (await apply('reset')) !== undefined;
}
