// Hides unavailable actions: every element with data-needs="object:action …" if the user lacks one
// of the permissions. This is a courtesy; the server enforces permissions.
"use strict";

// The browser caches the answer and revalidates it each time: while the policy is unchanged, the
// server answers with 304 and no body.
async function permissions() {
  const response = await fetch("/api/v1/me");
  if (!response.ok) {
    return null; // unknown permissions: hide nothing
  }
  const { effective } = await response.json();
  return new Set(effective.map((held) => held.permission));
}

async function hideWhatIsNotHeld() {
  const held = await permissions();
  if (held === null) {
    return;
  }
  for (const element of document.querySelectorAll("[data-needs]")) {
    const needs = element.dataset.needs.split(" ");
    element.hidden = !needs.every((permission) => held.has(permission));
  }
}

hideWhatIsNotHeld();
