import { render } from 'svelte/server';
import App from './App.svelte';

export const root = () => render(App);
