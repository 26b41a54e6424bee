// SPDX-License-Identifier: Apache-2.0
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PanelAddition } from './panel';

const panelId = 'module-jupyterlab';

function findPanel(app: JupyterFrontEnd) {
  for (const widget of app.shell.widgets('left')) {
    if (widget.id === panelId) {
      return widget;
    }
  }
  return undefined;
}

/** Which of two extensions is activated first nobody promises, and jupyterlmod asks its server before it adds the panel. */
function whenPanelIsThere(app: JupyterFrontEnd, then: (panel: NonNullable<ReturnType<typeof findPanel>>) => void): void {
  const panel = findPanel(app);
  if (panel) {
    then(panel);
    return;
  }
  window.setTimeout(() => whenPanelIsThere(app, then), 100);
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: '@cairn/modules:plugin',
  description: 'Featured modules, information, reset and Python code in the panel of jupyterlmod.',
  autoStart: true,
  // Not awaited: JupyterLab's start does not wait for it.
  activate: app => whenPanelIsThere(app, panel => new PanelAddition(panel, () => app.serviceManager.kernels.runningCount > 0))
};

export default plugin;
