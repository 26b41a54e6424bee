// SPDX-License-Identifier: Apache-2.0
// What the server extension (cairn_lab) answers, below BASE/cairn.
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export interface FeaturedModule {
  name: string;
  loaded: boolean;
  description: string;
}

export interface Information {
  name: string;
  loaded: boolean;
  description: string;
  url: string;
  needs: string[];
  modulefile: string;
  // Of modules that a library has told of.
  extensions?: string[];
  category?: string;
  size?: number;
  files?: number;
  requires?: { cpu?: string; gpu?: string };
}

export interface Changed {
  message: string;
  modules: string[];
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const settings = ServerConnection.makeSettings();
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await ServerConnection.makeRequest(URLExt.join(settings.baseUrl, 'cairn', path), init, settings);
  if (!response.ok) {
    throw new ServerConnection.ResponseError(response);
  }
  return response.json();
}

export const featured = () => ask<{ changed: boolean; featured: FeaturedModule[] }>('featured');
export const information = (name: string) => ask<Information>('modules/' + name.split('/').map(encodeURIComponent).join('/'));
export const loaded = () => ask<{ modules: string[]; python: string }>('loaded');
export const change = (command: 'load' | 'unload' | 'reset', modules: string[] = []) => ask<Changed>('loaded', { command, modules });
