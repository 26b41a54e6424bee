// SPDX-License-Identifier: Apache-2.0
// jupyterlmod's panel, with what it lacks: featured modules above its lists, a filter over all of them, information with
// dependencies, reset, Python code that works in running kernels and scripts. Its own lists, collections and launcher tiles stay as
// they are: what is added here listens to its elements and calls its update().
import { Notification } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import { apply, reset, showInformation, showPython } from './dialogs';
import { element } from './element';
import { FeaturedModule, featured } from './server';

const minute = 60_000;

function shows(filter: string, ...texts: string[]): boolean {
  return texts.some(text => text.toLowerCase().includes(filter));
}

function label(fullName: string): HTMLElement {
  const at = fullName.indexOf('/');
  const [name, version] = at < 0 ? [fullName, ''] : [fullName.slice(0, at), fullName.slice(at)];
  return element('span', { class: 'jp-Module-itemLabel' }, name, element('span', { class: 'cairn-Version' }, version));
}

export class PanelAddition {
  constructor(
    private panel: Widget,
    private hasRunningKernels: () => boolean
  ) {
    this.search = panel.node.querySelector('#modules') as HTMLInputElement;
    this.loadedList = panel.node.querySelector('#module_loaded_list') as HTMLElement;
    this.addSection();
    this.addReset();
    this.search.placeholder = 'Filter modules…';
    this.search.setAttribute('aria-label', 'Filter modules');
    // jupyterlmod listens for keys alone: pasting and clearing count too.
    this.search.addEventListener('input', () => {
      this.search.dispatchEvent(new KeyboardEvent('keyup'));
      this.filter();
    });
    // Before jupyterlmod sees them.
    panel.node.addEventListener('click', event => this.clicked(event), true);
    // After each of its updates, whoever asked for it.
    new MutationObserver(() => void this.loadedChanged()).observe(this.loadedList, { childList: true });
    window.setInterval(() => panel.isVisible && void this.refresh(), minute);
    void this.refresh();
  }

  private addSection(): void {
    this.list = element('ul', { class: 'jp-Module-sectionList', id: 'cairn-featured-list' });
    this.header = element('h2', { id: 'cairn-featured-header' }, 'Featured');
    this.section = element(
      'div',
      { class: 'jp-Module-section cairn-Featured', hidden: '' },
      element('div', { class: 'jp-Module-sectionHeader' }, this.header),
      element('div', { class: 'jp-Module-sectionContainer' }, this.list)
    );
    this.panel.node.querySelector('#module')?.prepend(this.section);
  }

  private addReset(): void {
    const button = element('button', {
      title: 'Unload all modules',
      class: 'jp-Module-collectionButton jp-mod-styled cairn-ResetIcon',
      id: 'cairn-reset-button'
    });
    this.panel.node.querySelector('#export-button')?.after(button);
  }

  private clicked(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const name = target.closest('li')?.querySelector('.jp-Module-itemLabel')?.textContent ?? '';
    const takes = (action: () => Promise<unknown>) => {
      event.stopPropagation();
      action().catch(error => Notification.error(`Modules: ${error.message ?? error}`));
    };
    if (target.id === 'export-button') {
      takes(showPython);
    } else if (target.id === 'cairn-reset-button') {
      takes(async () => (await reset()) && this.panel.update());
    } else if (target.closest('#cairn-featured-list') && target.tagName === 'BUTTON') {
      takes(() => this.change(target.dataset.command as 'load' | 'unload', name, target as HTMLButtonElement));
    } else if (target.closest('.cairn-Featured li, .jp-Module-itemLabel') && name) {
      takes(() => showInformation(name, (command, module) => this.change(command, module)));
    }
  }

  private async change(command: 'load' | 'unload', name: string, button?: HTMLButtonElement): Promise<void> {
    if (button) {
      button.disabled = true;
      button.textContent = command === 'load' ? 'Loading…' : 'Unloading…';
    }
    await apply(command, [name]);
    this.panel.update();
    await this.refresh();
  }

  /** jupyterlmod's names of what is loaded. */
  private loadedNames(): string[] {
    return Array.from(this.loadedList.querySelectorAll('.jp-Module-itemLabel'), label => label.textContent ?? '');
  }

  private async loadedChanged(): Promise<void> {
    const names = this.loadedNames();
    const before = this.known;
    if (before && before.join() === names.join()) {
      this.filter();
      return;
    }
    this.known = names;
    await this.refresh();
    if (before && this.hasRunningKernels()) {
      // One is enough, however often modules change.
      this.notice && Notification.dismiss(this.notice);
      this.notice = Notification.info('Modules changed. Restart a kernel to use them there.', { autoClose: 4000 });
    }
  }

  private async refresh(): Promise<void> {
    const answer = await featured();
    this.render(answer.featured);
    if (answer.changed) {
      this.panel.update();
    }
  }

  private render(modules: FeaturedModule[]): void {
    this.section.hidden = modules.length === 0;
    this.list.replaceChildren(
      ...modules.map(module => {
        const command = module.loaded ? 'unload' : 'load';
        return element(
          'li',
          { class: `jp-Module-item cairn-FeaturedItem${module.loaded ? ' cairn-mod-loaded' : ''}`, title: `${module.name}\n${module.description}` },
          element(
            'div',
            { class: 'cairn-FeaturedText' },
            label(module.name),
            element('span', { class: 'cairn-FeaturedDescription' }, module.description)
          ),
          element(
            'button',
            { class: 'jp-Module-itemButton jp-mod-styled', 'data-command': command, 'aria-label': `${command} ${module.name}` },
            module.loaded ? 'Unload' : 'Load'
          )
        );
      })
    );
    this.filter();
  }

  private filter(): void {
    const filter = this.search.value.trim().toLowerCase();
    let shown = 0;
    for (const item of Array.from(this.list.children) as HTMLElement[]) {
      item.hidden = !shows(filter, item.textContent ?? '');
      shown += item.hidden ? 0 : 1;
    }
    this.header.textContent = `Featured (${shown})`;
    for (const item of Array.from(this.loadedList.children) as HTMLElement[]) {
      item.hidden = !shows(filter, item.querySelector('.jp-Module-itemLabel')?.textContent ?? '');
    }
  }

  private search: HTMLInputElement;
  private loadedList: HTMLElement;
  private section!: HTMLElement;
  private header!: HTMLElement;
  private list!: HTMLElement;
  private known?: string[];
  private notice?: string;
}
