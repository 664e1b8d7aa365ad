using System.Reflection;
using Runner;
using Xunit.Sdk;

// Runner <assembly> <log>: runs the xunit tests of an assembly beside this program, one after the other, and writes what became
// of them.
var name = AssemblyName.GetAssemblyName(Path.Combine(AppContext.BaseDirectory, args[0]));
using var framework = new XunitTestFramework(new NullMessageSink());
using var discoverer = framework.GetDiscoverer(Reflector.Wrap(Assembly.Load(name)));
using var discovered = new Discovery();
discoverer.Find(includeSourceInformation: false, discovered, new Options());
discovered.Finished.WaitOne();

using var log = new StreamWriter(args[1]) { AutoFlush = true };
using var results = new Results(log);
using var executor = framework.GetExecutor(name);
executor.RunTests(discovered.Tests, results, new Options());
results.Finished.WaitOne();
log.WriteLine(results.Counts);
