// Starts Swagger UI. It stands in a file of its own because the page allows no inline scripts.
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  displayRequestDuration: true,
  filter: true,
  // A token stays in the page's memory: one that is kept is found by whoever uses the machine next.
  persistAuthorization: false,
  // Nothing is sent to Swagger's validator, nor to any other host.
  validatorUrl: null,
});
