/* Every request of the site goes through this worker, unchanged. */
self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });
self.addEventListener("fetch", function (event) { event.respondWith(fetch(event.request)); });
