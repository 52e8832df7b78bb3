// Hides what its reader couldn't use: every element with data-needs="object:action …" of which
// they lack a permission. It is a courtesy. Whatever it hides or shows, the server decides.
"use strict";

// The browser keeps the answer and asks each time whether it still holds: as long as nobody
// changes the policy, that is a 304 without a body.
async function permissions() {
  const response = await fetch("/api/v1/me");
  if (!response.ok) {
    return null; // who may do what isn't known: hide nothing
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
