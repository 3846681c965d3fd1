"""The five services. Each owns one part of the hospital's work and one database; they never import each other."""
