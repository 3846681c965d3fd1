// Starts Swagger UI. It is a separate file because the page allows no inline scripts.
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  displayRequestDuration: true,
  filter: true,
  // The token stays in the page's memory: the next user of the machine could find a stored token.
  persistAuthorization: false,
  // The page sends nothing to Swagger's validator or any other host.
  validatorUrl: null,
});
