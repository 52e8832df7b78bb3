import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  base: './', // the console works under any path
  plugins: [react()],
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: ['chrome123', 'firefox120', 'safari17.5'], // the first with light-dark()
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    modulePreload: { polyfill: false },
    sourcemap: false,
    // What several screens share is one file: by itself it would be some thirty, and a browser loads six at a time.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shared', test: /\/src\/(api|lib|review|shell|text|ui)\// }] } } },
  },
  test: { include: ['src/**/*.test.ts'], css: true },
})
