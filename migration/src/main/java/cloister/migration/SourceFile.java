package cloister.migration;

/// A file of the source.
///
/// @param name as it is shown in messages
public record SourceFile(String name, String text) {}
